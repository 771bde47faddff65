import type { IncomingMessage } from 'node:http';
import { PlatformError, problem } from '@mlops/errors';
import type { FastifyInstance } from 'fastify';

/** A body must arrive at this rate, measured over this time; a server that does not read is not the client's fault. */
const BYTES_PER_SECOND_MIN = 1024;
const WINDOW_SECONDS = 20;
/** What a server that closes still waits for bodies that are on their way. */
const CLOSING_SECONDS = 5;

/**
 * Ends requests whose bodies trickle: each holds a connection and memory, and keeps a server that wants to end from
 * ending. A total limit would end large uploads over slow lines as well.
 */
export function refuseSlowBodies(app: FastifyInstance, windowSeconds = WINDOW_SECONDS): void {
  const receiving = new Map<IncomingMessage, number>();
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const hasBody = raw.headers['content-length'] !== undefined || raw.headers['transfer-encoding'] !== undefined;
    if (hasBody) {
      receiving.set(raw, raw.socket.bytesRead);
      // Comes right after the end of the body, too.
      raw.once('close', () => receiving.delete(raw));
    }
    done();
  });
  const watch = setInterval(() => {
    for (const [raw, before] of receiving) {
      const { bytesRead } = raw.socket;
      const isFull = raw.readableLength > 0;
      if (!isFull && bytesRead - before < BYTES_PER_SECOND_MIN * windowSeconds) refuse(raw);
      else receiving.set(raw, bytesRead);
    }
  }, windowSeconds * 1000).unref();
  app.addHook('preClose', async () => {
    setTimeout(() => {
      for (const raw of receiving.keys()) refuse(raw);
    }, CLOSING_SECONDS * 1000).unref();
  });
  app.addHook('onClose', async () => clearInterval(watch));
}

/** Whoever reads the body still waits for it: the answer goes around the framework. */
function refuse(raw: IncomingMessage): void {
  const what = `The body must arrive at ${BYTES_PER_SECOND_MIN} bytes a second at least; nothing was done.`;
  const { status, contentType, body } = problem(new PlatformError('SLOW_BODY', what));
  const text = JSON.stringify(body);
  const head = [
    `HTTP/1.1 ${status} Request Timeout`,
    'Connection: close',
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
  ];
  raw.socket.write(`${head.join('\r\n')}\r\n\r\n${text}`);
  raw.destroy();
}
