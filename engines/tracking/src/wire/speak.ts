import { mlflowError } from '@mlops/errors';
import { readJson, useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** More of them are no empty body. */
const SPACES_MAX = 1000;
const BODY_BYTES_MAX = 20 * 1024 * 1024;

/** Errors as MLflow writes them, and bodies as it reads them: empty is {}, a JSON string is read once more. */
export function speakMlflow(scope: FastifyInstance): void {
  useErrorFormat(scope, mlflowError);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (_request: FastifyRequest, body: Buffer<ArrayBuffer>) => parseBody(body),
  );
}

async function parseBody(body: Buffer<ArrayBuffer>): Promise<unknown> {
  if (body.length <= SPACES_MAX && body.every(isSpace)) return {};
  const value = await readJson(body);
  // A body of null would else pass for an absent one.
  return (typeof value === 'string' ? await readJson(Buffer.from(value)) : value) ?? [];
}

/** JSON's white space: space, tab, line feed, carriage return. */
function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}
