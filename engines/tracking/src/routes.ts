import type { Operation } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { artifactRoutes } from './artifact-routes.ts';
import type { OperationName } from './engine.ts';
import { serverOperations, trackingOperations } from './operations/index.ts';
import type { TrackingRoutesOptions } from './routes-options.ts';
import { decodeRequest } from './wire/decode.ts';
import { speakMlflow } from './wire/speak.ts';
import { workspaceRoutes } from './workspace-routes.ts';

/** The MLflow version whose REST interface this engine speaks; clients ask for it. */
const SPOKEN_VERSION = '3.17.2';
/** Every path exists under both: /ajax-api is what MLflow's web pages call. */
const PREFIXES = ['/api', '/ajax-api'];

/** MLflow's REST interface over a tracking engine. */
export const trackingRoutes: FastifyPluginAsync<TrackingRoutesOptions> = async (app, options) => {
  const { pipeline, workspaces } = options;
  const ofServer = <T>(name: keyof typeof serverOperations, request: FastifyRequest, answer: T): Promise<T> => {
    const operation = serverOperations[name];
    return pipeline({ name, operation, input: {}, caller: callerOf(request) }, async () => answer);
  };
  for (const prefix of PREFIXES) {
    await app.register(
      async (scope) => {
        speakMlflow(scope);
        for (const [name, row] of Object.entries(trackingOperations)) {
          addOperation(scope, name as OperationName, row, options);
        }
      },
      { prefix: `${prefix}/2.0/mlflow` },
    );
    await app.register(
      async (scope) => {
        speakMlflow(scope);
        scope.get(serverOperations.serverInfo.path, (request) =>
          ofServer('serverInfo', request, { store_type: 'SqlStore', workspaces_enabled: workspaces !== undefined }),
        );
        workspaceRoutes(scope, options);
      },
      { prefix: `${prefix}/3.0/mlflow` },
    );
    await app.register(artifactRoutes, { ...options, prefix: `${prefix}/2.0/mlflow-artifacts` });
  }
  app.get(serverOperations.serverVersion.path, async (request, reply) =>
    reply.type('text/plain').send(await ofServer('serverVersion', request, SPOKEN_VERSION)),
  );
};

function addOperation(
  scope: FastifyInstance,
  name: OperationName,
  row: Operation,
  { engine, pipeline }: TrackingRoutesOptions,
): void {
  scope.route({
    method: [row.method, ...(row.alsoMethods ?? [])],
    url: row.path,
    handler: async (request) => {
      const input = decodeRequest<unknown>(row.request, inputOf(request));
      return pipeline({ name, operation: row, input, caller: callerOf(request) }, (team) =>
        (engine.workspace(team).operations[name] as (request: unknown) => Promise<unknown>)(input),
      );
    },
  });
}

/** GET takes the query (or a body, if there is no query); all others the body; the path names what it names. */
function inputOf(request: FastifyRequest): Record<string, unknown> {
  const query = request.query as Record<string, unknown>;
  const body = (request.body ?? {}) as Record<string, unknown>;
  if (typeof body !== 'object' || Array.isArray(body)) return body;
  const given = request.method === 'GET' && Object.keys(query).length > 0 ? query : body;
  // Both are this request's own; a copy of many fields would take long.
  return Object.assign(given, request.params);
}
