import { mlflowError } from '@mlops/errors';
import { parseBoundedJson, useErrorFormat } from '@mlops/service';
import type { FastifyInstance } from 'fastify';

const BODY_BYTES_MAX = 20 * 1024 * 1024;

/** Errors as MLflow writes them, and bodies as it reads them: empty is {}, a JSON string is read once more. */
export function speakMlflow(scope: FastifyInstance): void {
  useErrorFormat(scope, mlflowError);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
    (_request, body, done) => {
      try {
        done(null, parseBody(body as Buffer));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

function parseBody(body: Buffer): unknown {
  if (body.every(isSpace)) return {};
  const value = parseBoundedJson(body);
  // A body of null would else pass for an absent one.
  return (typeof value === 'string' ? parseBoundedJson(Buffer.from(value)) : value) ?? [];
}

/** JSON's white space: space, tab, line feed, carriage return. */
function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}
