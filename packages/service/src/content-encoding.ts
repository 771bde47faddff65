import { createGunzip, createInflate } from 'node:zlib';
import { PlatformError } from '@mlops/errors';
import type { FastifyInstance, RequestPayload } from 'fastify';

const DECODERS: ReadonlyMap<string, () => ReturnType<typeof createGunzip>> = new Map([
  ['gzip', createGunzip],
  ['deflate', createInflate],
]);

/** Reads compressed bodies of every protocol. The limit of a body holds for what comes out, so a bomb is refused in time. */
export function readEncodedBodies(app: FastifyInstance): void {
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding === 'identity' || encoding === '') return done(null, payload);
    const decoder = DECODERS.get(encoding)?.();
    if (!decoder) {
      const what = `The Content-Encoding '${encoding.slice(0, 50)}' is not supported; send gzip, deflate, or the body as it is.`;
      return done(new PlatformError('UNSUPPORTED_MEDIA_TYPE', what, { field: 'Content-Encoding' }));
    }
    delete request.headers['content-encoding'];
    delete request.headers['content-length'];
    const decoded: RequestPayload = payload.pipe(decoder);
    payload.on('error', (error: Error) => decoder.destroy(error));
    decoder.on('error', (error: Error & { statusCode?: number }) => {
      error.statusCode ??= 400;
    });
    done(null, decoded);
  });
}
