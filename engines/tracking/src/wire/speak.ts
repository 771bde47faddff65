import { mlflowError, PlatformError } from '@mlops/errors';
import { useErrorFormat } from '@mlops/service';
import type { FastifyInstance } from 'fastify';

/** Errors as MLflow writes them, and bodies as it reads them: empty is {}, a JSON string is read once more. */
export function speakMlflow(scope: FastifyInstance): void {
  useErrorFormat(scope, mlflowError);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, parseBody(body as string));
    } catch (error) {
      done(error as Error);
    }
  });
}

function parseBody(body: string): unknown {
  if (body.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    // A body of null would else pass for an absent one.
    return (typeof value === 'string' ? JSON.parse(value) : value) ?? [];
  } catch (error) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body is not JSON: ${(error as Error).message}.`);
  }
}
