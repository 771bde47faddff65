import { mlflowError, PlatformError } from '@mlops/errors';
import type { Caller } from '@mlops/operations';
import { useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { jsonExtent } from './json-extent.ts';

const BODY_BYTES_MAX = 20 * 1024 * 1024;
const DEPTH_MAX = 100;
/** Building more than these holds up everybody else for too long. */
const VALUES_MAX = 100_000;

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
  try {
    const value = parseBounded(body);
    // A body of null would else pass for an absent one.
    return (typeof value === 'string' ? parseBounded(Buffer.from(value)) : value) ?? [];
  } catch (error) {
    if (error instanceof PlatformError) throw error;
    throw new PlatformError('MALFORMED_REQUEST', `The request body is not JSON: ${(error as Error).message}.`);
  }
}

/** JSON's white space: space, tab, line feed, carriage return. */
function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

/** @throws MALFORMED_REQUEST before anything is built, for what nests too deep or holds too many values */
function parseBounded(text: Buffer): unknown {
  const { depth, values } = jsonExtent(text);
  if (depth > DEPTH_MAX) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body nests deeper than ${DEPTH_MAX} levels.`);
  }
  if (values > VALUES_MAX) {
    const fix = 'Split it into several requests.';
    throw new PlatformError('MALFORMED_REQUEST', `The request body holds more than ${VALUES_MAX} values. ${fix}`);
  }
  return JSON.parse(text.toString()) as unknown;
}

/** Who calls, as far as the door can tell. */
export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, ip: request.ip, authorization: request.headers.authorization };
}
