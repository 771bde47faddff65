import { PlatformError } from '@mlops/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { parseJson } from '../wire/json.ts';

type Done = (error: Error | null, value?: unknown) => void;
type Read = (text: string, request: FastifyRequest) => unknown;

/** Reads a scope's bodies of the given types, and refuses every other type; `*` is any type, or none. */
export function readBodies(scope: FastifyInstance, readers: Readonly<Record<string, Read>>): void {
  scope.removeAllContentTypeParsers();
  for (const [type, read] of Object.entries(readers)) {
    scope.addContentTypeParser(type, { parseAs: 'string' }, (request: FastifyRequest, body: string, done: Done) => {
      try {
        done(null, read(body, request));
      } catch (error) {
        done(error as Error);
      }
    });
  }
}

/** JSON of the inference protocols. Tensors behind the JSON (the binary extension) would be taken for a part of it. */
export function readTensors(text: string, request: FastifyRequest): unknown {
  if (request.headers['inference-header-content-length'] !== undefined) {
    throw new PlatformError(
      'MALFORMED_REQUEST',
      'This server does not offer the binary_tensor_data extension; send the tensors as JSON (tritonclient: binary_data=False).',
    );
  }
  return parseJson(text);
}

/** The only parameter that MLflow's scoring protocol knows is the charset. @throws UNSUPPORTED_MEDIA_TYPE */
export function checkCharset({ headers }: FastifyRequest): void {
  const [, ...parameters] = (headers['content-type'] ?? '').split(';').map((part) => part.trim().toLowerCase());
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=');
    if (name === '') continue;
    if (name !== 'charset') {
      throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', `Unrecognized content type parameters: ${name}.`);
    }
    if (value.replaceAll('"', '') !== 'utf-8') {
      throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', 'The scoring server only supports UTF-8.');
    }
  }
}

/** @throws MALFORMED_REQUEST */
export function objectBody(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new PlatformError('MALFORMED_REQUEST', 'The request body must be a JSON object.');
}
