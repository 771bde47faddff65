import { mlflowError, PlatformError } from '@mlops/errors';
import { type Caller, type Pipeline, resourceOf } from '@mlops/operations';
import { useErrorFormat } from '@mlops/service';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { artifactRoutes } from './artifact-routes.ts';
import type { OperationName, TrackingEngine } from './engine.ts';
import { type TrackingOperation, trackingOperations } from './operations/index.ts';
import { decodeRequest } from './wire/decode.ts';

/** The MLflow version whose REST interface this engine speaks; clients ask for it. */
const SPOKEN_VERSION = '3.17.2';
/** Every path exists under both: /ajax-api is what MLflow's web pages call. */
const PREFIXES = ['/api', '/ajax-api'];

export interface TrackingRoutesOptions {
  readonly engine: TrackingEngine;
  readonly pipeline: Pipeline;
}

/** MLflow's REST interface over a tracking engine. */
export const trackingRoutes: FastifyPluginAsync<TrackingRoutesOptions> = async (app, { engine, pipeline }) => {
  for (const prefix of PREFIXES) {
    await app.register(
      async (scope) => {
        speakMlflow(scope);
        for (const [name, row] of Object.entries(trackingOperations)) {
          addOperation(scope, name as OperationName, row, { engine, pipeline });
        }
      },
      { prefix: `${prefix}/2.0/mlflow` },
    );
    await app.register(
      async (scope) => {
        speakMlflow(scope);
        scope.get('/server-info', async () => ({ store_type: 'SqlStore', workspaces_enabled: false }));
      },
      { prefix: `${prefix}/3.0/mlflow` },
    );
    await app.register(artifactRoutes, { prefix: `${prefix}/2.0/mlflow-artifacts`, engine, pipeline });
  }
  app.get('/version', async (_request, reply) => reply.type('text/plain').send(SPOKEN_VERSION));
};

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
    return typeof value === 'string' ? JSON.parse(value) : value;
  } catch (error) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body is not JSON: ${(error as Error).message}.`);
  }
}

function addOperation(
  scope: FastifyInstance,
  name: OperationName,
  row: TrackingOperation,
  { engine, pipeline }: TrackingRoutesOptions,
): void {
  const perform = engine.operations[name] as (request: unknown) => Promise<unknown>;
  scope.route({
    method: [row.method, ...(row.alsoMethods ?? [])],
    url: row.path,
    handler: async (request) => {
      const input = decodeRequest(row.request, inputOf(request));
      const call = { name, operation: row, resource: resourceOf(row, input), caller: callerOf(request) };
      return pipeline(call, () => perform(input));
    },
  });
}

/** GET takes the query (or a body, if there is no query); all others the body; the path names what it names. */
function inputOf(request: FastifyRequest): Record<string, unknown> {
  const query = request.query as Record<string, unknown>;
  const body = (request.body ?? {}) as Record<string, unknown>;
  if (typeof body !== 'object' || Array.isArray(body)) return body;
  const given = request.method === 'GET' && Object.keys(query).length > 0 ? query : body;
  return { ...given, ...(request.params as Record<string, unknown>) };
}

export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, ip: request.ip, authorization: request.headers.authorization };
}
