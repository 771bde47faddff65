import { featureOperations } from '@mlops/features';
import { inferenceOperations } from '@mlops/inference';
import type { Caller } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import { artifactOperations, trackingOperations } from '@mlops/tracking';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { errorsPage, type HomeFacts, homePage, type openApiDocument, referencePage } from './api/index.ts';

/** MLflow's scoring protocol for a deployment. */
export const INVOCATIONS_PATH = '/api/v1/deployments/:name/invocations';

/** Without the scoring server's own addresses, which only the inference engine alone has. */
const ofModels = Object.values(inferenceOperations).filter(({ path }) => /^\/v[12]/.test(path));

const PROTOCOLS = [
  { title: 'Predictions by deployment', prefix: '', operations: [{ method: 'POST', path: INVOCATIONS_PATH }] },
  { title: 'Open Inference Protocol, KServe V1', prefix: '', operations: ofModels },
  { title: 'Feast', prefix: '', operations: Object.values(featureOperations) },
  { title: 'MLflow', prefix: '/api/2.0/mlflow', operations: Object.values(trackingOperations) },
  { title: 'MLflow’s artifacts', prefix: '/api/2.0/mlflow-artifacts', operations: Object.values(artifactOperations) },
] as const;

export interface PagesParts {
  readonly openApi: ReturnType<typeof openApiDocument>;
  /** What is deployed, for who may know it; nothing for others. */
  readonly overview: (caller: Caller) => Promise<{ name: string; status: string; model: string }[]>;
  /** Deployments that should be served here and cannot be, and why. */
  readonly failures: () => ReadonlyMap<string, string>;
  /** Who has signed in, by their browser. */
  readonly visitor: (request: FastifyRequest) => Promise<HomeFacts['visitor']>;
  /** Whether people must sign in. */
  readonly signsIn: boolean;
  /** Whether everybody may read which, and why. */
  readonly namesFailures: boolean;
  /** Whether models can be run at all. */
  readonly isServing: () => boolean;
}

/** Pages for people, and what tells a machine whether this process lives and is ready. */
export function pageRoutes({ openApi, overview, visitor, signsIn, failures, namesFailures, isServing }: PagesParts) {
  return async (app: FastifyInstance): Promise<void> => {
    let started = false;
    app.addHook('onReady', async () => {
      started = true;
    });
    app.get('/health', async (_request, reply) => reply.type('text/plain').send('OK'));
    app.get('/healthz', async () => ({ status: 'ok' }));
    // A deployment that cannot be served makes the process unready, unless the asker cares for the rest alone.
    app.get('/readyz', async (request, reply) => {
      const { without } = request.query as { without?: string };
      const failed = without === 'deployments' ? {} : Object.fromEntries(failures());
      const count = Object.keys(failed).length;
      const ready = started && isServing() && count === 0;
      // Whoever asks is nobody yet: what other teams call their deployments is not for them.
      const why = namesFailures ? { failed } : { failed_deployments: count };
      return reply.code(ready ? 200 : 503).send({ ready, ...(ready ? {} : why) });
    });
    app.get('/openapi.json', async () => openApi);
    app.get('/docs', async (_request, reply) => reply.type('text/html').send(referencePage(openApi, PROTOCOLS)));
    app.get('/docs/errors', async (_request, reply) => reply.type('text/html').send(errorsPage()));
    app.get('/', async (request, reply) => {
      // KServe's client asks here whether the server lives, and reads JSON; a person's browser asks for HTML.
      if (!request.headers.accept?.includes('text/html'))
        return { status: 'alive', docs: '/docs', openapi: '/openapi.json' };
      const address = `${request.protocol}://${request.headers.host ?? ''}`;
      const deployments = await overview(callerOf(request));
      const facts = { address, deployments, signsIn, visitor: await visitor(request) };
      return reply.type('text/html').header('cache-control', 'no-store').send(homePage(facts));
    });
  };
}
