import { randomUUID } from 'node:crypto';
import { type ErrorFormat, inferenceError, PlatformError, problem, toPlatformError } from '@mlops/errors';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import pino from 'pino';
import { rewriteTeamAddress } from './caller.ts';
import { readEncodedBodies } from './content-encoding.ts';
import { hostGuard } from './host-guard.ts';
import { readJson } from './json.ts';
import { methodsOf } from './method-not-allowed.ts';
import { httpMetrics, metricsRegistry } from './metrics.ts';
import { refuseSlowBodies } from './slow-bodies.ts';
import { followTlsFiles, secureContext, type TlsFiles } from './tls.ts';

/** What a server answers of its own accord: nobody needs to be woken for it. */
const EXPECTED = new Set(['NOT_READY', 'NOT_IMPLEMENTED']);
/** Of a body that a route reads as it likes, as tensors. */
const BODY_BYTES_MAX = 64 * 1024 * 1024;
const JSON_BODY_BYTES_MAX = 20 * 1024 * 1024;

export interface ServerOptions {
  readonly logLevel: string;
  /** Further names under which the server may be addressed; loopback and literal addresses always are. */
  readonly allowedHosts: readonly string[];
  /** Addresses or networks whose forwarded headers are believed; default: none. */
  readonly trustedProxies?: readonly string[];
  /** With it the server speaks HTTPS. */
  readonly tls?: TlsFiles | undefined;
  /** The error form of addresses that belong to no protocol. */
  readonly errorFormat?: ErrorFormat;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The methods that an address answers. */
    methodsOf: (url: string) => readonly string[];
  }
}

/** A Fastify server with what every program here needs: log, request ids, metrics, readiness, error form, host check. */
export function createServer(options: ServerOptions): FastifyInstance {
  const logger: FastifyBaseLogger = pino(
    { level: options.logLevel, redact: ['req.headers.authorization', 'req.headers.cookie'] },
    pino.destination(2),
  );
  const { tls, trustedProxies = [] } = options;
  const app: FastifyInstance = Fastify({
    ...(tls === undefined ? {} : ({ https: secureContext(tls) } as object)),
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    loggerInstance: logger,
    bodyLimit: BODY_BYTES_MAX,
    forceCloseConnections: 'idle',
    genReqId: () => randomUUID(),
    rewriteUrl: rewriteTeamAddress,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 2048 },
  });
  if (tls) followTlsFiles(app, tls);
  app.decorate('methodsOf', methodsOf(app));
  const registry = metricsRegistry();
  httpMetrics(app, registry);
  hostGuard(app, options.allowedHosts);
  refuseSlowBodies(app);
  readEncodedBodies(app);
  const own = options.errorFormat ?? problem;
  useErrorFormat(app, own);
  completeAnswers(app);
  app.removeContentTypeParser('application/json');
  const asJson = { parseAs: 'buffer', bodyLimit: JSON_BODY_BYTES_MAX } as const;
  app.addContentTypeParser('application/json', asJson, async (_request: FastifyRequest, body: Buffer<ArrayBuffer>) =>
    body.length === 0 ? undefined : readJson(body),
  );
  // The inference protocols have no prefix of their own to hang a scope on.
  answerUnknown(app, (url) => (/^\/v[12]\//.test(url) ? inferenceError : own));
  app.decorate('metrics', registry);
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  return app;
}

/**
 * What each answer carries. While the server closes, each answer is the last of its connection: else a client that keeps
 * it open keeps the process.
 */
function completeAnswers(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' });
    if (closing) reply.header('connection', 'close');
    done(null, payload);
  });
}

/** Gives all routes of a scope one protocol's error form, unknown addresses below the scope's prefix included. */
export function useErrorFormat(scope: FastifyInstance, format: ErrorFormat): void {
  scope.setErrorHandler((error: FastifyError, request, reply) =>
    sendError(format, toPlatformError(error), request, reply),
  );
  if (scope.prefix !== '') answerUnknown(scope, () => format);
}

function answerUnknown(scope: FastifyInstance, formatOf: (url: string) => ErrorFormat): void {
  scope.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? '';
    const methods = scope.methodsOf(path);
    if (methods.length === 0) {
      const error = new PlatformError('ROUTE_NOT_FOUND', `There is no ${request.method} ${path}.`);
      return sendError(formatOf(path), error, request, reply);
    }
    const listed = methods.join(', ');
    const error = new PlatformError('METHOD_NOT_ALLOWED', `${path} does not answer ${request.method}, but ${listed}.`);
    return sendError(formatOf(path), error, request, reply.header('allow', listed));
  });
}

function sendError(
  format: ErrorFormat,
  error: PlatformError,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (EXPECTED.has(error.code)) request.log.info({ code: error.code }, error.message);
  else if (error.status >= 500)
    request.log.error({ err: error.cause ?? error, internal: error.internal }, error.message);
  const { status, contentType, body } = format(error, request.id);
  const wait = error.data?.retry_after_seconds;
  if (typeof wait === 'number') reply.header('retry-after', Math.ceil(wait));
  // A browser would ask for a password by itself.
  const asksInPage = request.headers['sec-fetch-site'] !== undefined;
  if (status === 401) reply.header('www-authenticate', asksInPage ? 'Bearer' : 'Bearer, Basic realm="mlops"');
  // The exact content type: KServe's client ignores errors whose type carries a charset.
  return reply.code(status).header('content-type', contentType).serializer(JSON.stringify).send(body);
}
