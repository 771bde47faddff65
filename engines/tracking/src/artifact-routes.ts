import { basename } from 'node:path/posix';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { safePath } from '@mlops/blobs';
import { PlatformError } from '@mlops/errors';
import type { Call } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { artifactOperations } from './operations/index.ts';
import type { TrackingRoutesOptions } from './routes-options.ts';
import { speakMlflow } from './wire/speak.ts';

/** What a browser might run as a page of this origin is sent as plain text. */
const DOWNLOAD_TYPE = 'application/octet-stream';

/** MLflow's artifact proxy: bodies are streamed both ways, never collected. */
export async function artifactRoutes(
  scope: FastifyInstance,
  { engine, pipeline }: TrackingRoutesOptions,
): Promise<void> {
  speakMlflow(scope);
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));

  scope.get('/artifacts', async (request) => {
    const path = listedPath(request.query as { path?: unknown });
    return pipeline(call('listArtifacts', path, request), async (team) => {
      const found = await engine.workspace(team).artifacts.list(path);
      const files = found.map((info) => ({
        path: basename(info.path),
        is_dir: info.isDirectory,
        ...(info.size === undefined ? {} : { file_size: info.size }),
      }));
      return files.length === 0 ? {} : { files };
    });
  });

  scope.get('/artifacts/*', async (request, reply) => {
    const path = pathOf(request);
    const range = rangeOf(request.headers.range);
    const { size, stream } = await pipeline(call('downloadArtifact', path, request), (team) =>
      engine.workspace(team).artifacts.open(path, range),
    );
    const end = Math.min(range?.end ?? size - 1, size - 1);
    if (range) reply.code(206).header('content-range', `bytes ${range.start}-${end}/${size}`);
    return reply
      .header('content-length', range ? end - range.start + 1 : size)
      .header('accept-ranges', 'bytes')
      .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(basename(path))}`)
      .type(DOWNLOAD_TYPE)
      .send(stream);
  });

  scope.put('/artifacts/*', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request) => {
    const path = pathOf(request);
    const body = request.body instanceof Readable ? request.body : Readable.from([]);
    await pipeline(call('uploadArtifact', path, request), (team) =>
      upload(body, (content) => engine.workspace(team).artifacts.put(path, content)),
    );
    return {};
  });

  scope.delete('/artifacts/*', async (request) => {
    const path = pathOf(request);
    await pipeline(call('deleteArtifact', path, request), (team) => engine.workspace(team).artifacts.delete(path));
    return {};
  });

  for (const url of ['/mpu/create/*', '/mpu/complete/*', '/mpu/abort/*']) scope.post(url, unsupported);
  scope.get('/presigned/*', unsupported);
}

/**
 * Feeds a body to a store. A store that gives up early does not take the body along: the rest is read and dropped, so that
 * the client, which is still sending, gets the answer and its connection stays in order.
 */
async function upload<T>(body: Readable, store: (content: Readable) => Promise<T>): Promise<T> {
  const cutOff = () => new PlatformError('MALFORMED_REQUEST', 'The upload was cut off.');
  // The client may have gone while it was asked who it is.
  if (body.destroyed && !body.readableEnded) throw cutOff();
  const content = new PassThrough();
  // A store that has not begun to read hears of it when it does; unheard, the error would end the process.
  content.on('error', () => {});
  body.once('close', () => {
    if (!body.readableEnded) content.destroy(cutOff());
  });
  body.pipe(content);
  try {
    return await store(content);
  } catch (error) {
    body.unpipe(content);
    body.resume();
    await finished(body).catch(() => {});
    throw error;
  }
}

/** Clients then fall back to a plain PUT or GET. */
function unsupported(): never {
  throw new PlatformError(
    'NOT_IMPLEMENTED',
    'Multipart upload and presigned URLs are not supported for this artifact store.',
  );
}

function call(name: keyof typeof artifactOperations, path: string, request: FastifyRequest): Call {
  return { name, operation: artifactOperations[name], input: { path }, caller: callerOf(request) };
}

/** @throws INVALID_PARAMETER where a query names the path more than once: nobody could say which one is meant */
function listedPath({ path = '' }: { path?: unknown }): string {
  if (typeof path === 'string') return safePath(path);
  throw new PlatformError('INVALID_PARAMETER', "The parameter 'path' is given more than once.", { field: 'path' });
}

/** The path in its one form, which stores, owners and the audit log take alike. @throws INVALID_PATH */
function pathOf(request: FastifyRequest): string {
  const path = (request.params as { '*': string })['*'];
  if (!path.isWellFormed()) {
    throw new PlatformError('INVALID_PATH', 'Invalid path: it is not well-formed Unicode.', { field: 'path' });
  }
  return safePath(path);
}

/** A single range of a Range header; anything else is answered with the whole file, as HTTP allows. */
function rangeOf(header: string | undefined): { start: number; end?: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  return match[2] === '' ? { start } : { start, end: Number(match[2]) };
}
