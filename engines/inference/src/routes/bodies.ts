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
}
