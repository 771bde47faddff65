import { PlatformError } from '@mlops/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';

type Done = (error: Error | null, value?: unknown) => void;

/** Takes a scope's bodies of the given types as bytes, and refuses every other type; `*` is any type, or none. */
export function takeBytes(scope: FastifyInstance, types: readonly string[]): void {
  scope.removeAllContentTypeParsers();
  for (const type of types) {
    scope.addContentTypeParser(type, { parseAs: 'buffer' }, (_request: FastifyRequest, body: Buffer, done: Done) => {
      done(null, body);
    });
  }
  if (types.includes('*')) return;
  scope.addContentTypeParser('*', (request: FastifyRequest, _payload: unknown, done: Done) => {
    const given = request.headers['content-type']?.slice(0, 100);
    const what = given === undefined ? 'The request names no content type' : `The type '${given}' is not supported`;
    const fix = types.map((type) => `'Content-Type: ${type}'`).join(' or ');
    done(new PlatformError('UNSUPPORTED_MEDIA_TYPE', `${what}; send the header ${fix}.`));
  });
}
