import { join } from 'node:path';
import { openBlobs } from '@mlops/blobs';
import type { SettingsOf } from '@mlops/configuration';
import { migrate, openDatabase } from '@mlops/database';
import { inferenceRoutes, invocationsRoutes, openInference } from '@mlops/inference';
import { createServer } from '@mlops/service';
import { openTracking, remoteTracking, trackingRoutes } from '@mlops/tracking';
import type { FastifyInstance } from 'fastify';
import { Authoriser } from './access/index.ts';
import { errorsPage, homePage, openApiDocument, referencePage, serveOperations } from './api/index.ts';
import { Audit, AuditStore, auditExportRoute, auditHandlers, auditOperations, auditSchema } from './audit/index.ts';
import {
  DeploymentStore,
  Deployments,
  deployableVersion,
  deploymentHandlers,
  deploymentOperations,
  deploymentSchema,
  ModelFiles,
} from './deployments/index.ts';
import { Gates } from './gates/index.ts';
import { createPipeline, Meter } from './gateway/index.ts';
import {
  ActualsStore,
  actualsSchema,
  PredictionLog,
  predictionHandlers,
  predictionOperations,
  Recorder,
} from './predictions/index.ts';
import { QuotaStore, Quotas, quotaHandlers, quotaOperations, quotaSchema } from './quotas/index.ts';

const RECONCILE_MILLISECONDS = 2000;

/** The platform's own API, as one OpenAPI document. */
export const openApi = openApiDocument([deploymentOperations, predictionOperations, auditOperations, quotaOperations]);

/** Everything in one process: engines, pipeline, modules, and the server that speaks all protocols. It does not listen yet. */
export async function buildPlatform(settings: SettingsOf<'platform'>): Promise<FastifyInstance> {
  const authoriser = new Authoriser(settings.policies);
  const database = openDatabase<unknown>(settings);
  await migrate(database, 'platform', { ...auditSchema, ...quotaSchema, ...deploymentSchema, ...actualsSchema });
  const tracking =
    settings['tracking-url'] === undefined
      ? await openTracking({ database, blobs: openBlobs(settings) })
      : remoteTracking(settings['tracking-url']);
  const inference = openInference({
    threads: settings['inference-threads'],
    timeoutSeconds: settings['inference-timeout'],
  });
  const app = createServer({ logLevel: settings['log-level'], allowedHosts: settings['allowed-hosts'] });

  const auditStore = new AuditStore(database);
  const audit = new Audit(auditStore);
  const deploymentStore = new DeploymentStore(database);
  const files = new ModelFiles(join(settings.data, 'models'), tracking);
  const deployments = new Deployments({ store: deploymentStore, tracking, inference, files, audit });
  const quotas = new Quotas(new QuotaStore(database));
  quotas.limit('createDeployment', 'deployments', (team) => deploymentStore.countActive(team));
  const gates = new Gates();
  for (const operation of ['createDeployment', 'updateDeployment']) gates.add(operation, deployableVersion(tracking));
  const parts = { authoriser, quotas, gates, audit, meter: new Meter(app.metrics), database };
  const pipeline = createPipeline(parts, { sharesDatabase: true });
  const log = new PredictionLog(join(settings.data, 'predictions'));
  const recorder = new Recorder({
    write: (deployment, predictions) => log.append(deployment, predictions),
    servedBy: ({ model, version }) => deployments.served(model, version),
    queueMax: settings['predictions-queue'],
    metrics: app.metrics,
    onError: (error) => app.log.error({ err: error }, 'predictions could not be logged'),
  });

  await app.register(trackingRoutes, {
    engine: tracking,
    pipeline: createPipeline(parts, { sharesDatabase: tracking.sharesDatabase }),
  });
  const serving = { engine: inference, pipeline, onPrediction: recorder.record.bind(recorder) };
  await app.register(inferenceRoutes, serving);
  await app.register(invocationsRoutes, { ...serving, url: '/api/v1/deployments/:name/invocations' });
  serveOperations(app, deploymentOperations, deploymentHandlers(deployments, deploymentStore), pipeline);
  serveOperations(
    app,
    predictionOperations,
    predictionHandlers({ log, recorder, actuals: new ActualsStore(database), deployments }),
    pipeline,
  );
  serveOperations(app, auditOperations, auditHandlers(auditStore), pipeline);
  serveOperations(app, quotaOperations, quotaHandlers(quotas, audit), pipeline);
  auditExportRoute(app, auditStore, pipeline);
  pages(app, deploymentStore, deployments);

  const reconcile = () =>
    deployments.reconcile((name, error) =>
      app.log.error({ deployment: name, err: error }, 'deployment could not be loaded'),
    );
  let ready = false;
  app.get('/readyz', async (_request, reply) => reply.code(ready ? 200 : 503).send({ ready }));
  await reconcile();
  ready = true;
  // Where several processes share one database, each follows what the others decide; while the database is away it waits.
  const follow = () =>
    void reconcile().catch((error: unknown) => app.log.error({ err: error }, 'deployments could not be followed'));
  const following = database.dialect === 'postgres' ? setInterval(follow, RECONCILE_MILLISECONDS).unref() : undefined;

  app.addHook('onClose', async () => {
    clearInterval(following);
    await recorder.flush();
    await log.close();
    await inference.close();
    await tracking.close();
    await database.close();
  });
  return app;
}

function pages(app: FastifyInstance, store: DeploymentStore, deployments: Deployments): void {
  app.get('/health', async (_request, reply) => reply.type('text/plain').send('OK'));
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/openapi.json', async () => openApi);
  app.get('/docs', async (_request, reply) => reply.type('text/html').send(referencePage(openApi)));
  app.get('/docs/errors', async (_request, reply) => reply.type('text/html').send(errorsPage()));
  app.get('/', async (request, reply) => {
    // KServe's client asks here whether the server lives, and reads JSON; a person's browser asks for HTML.
    if (!request.headers.accept?.includes('text/html'))
      return { status: 'alive', docs: '/docs', openapi: '/openapi.json' };
    const shown = (await store.active()).map(async ({ name, liveRevision }) => {
      const revision = liveRevision === null ? undefined : await store.revision(name, liveRevision);
      const model = revision ? `${revision.modelName}/${revision.modelVersion}` : '';
      return { name, status: deployments.isServing(name) ? 'ready' : 'not ready', model };
    });
    const address = `http://${request.headers.host ?? ''}`;
    return reply.type('text/html').send(homePage({ address, deployments: await Promise.all(shown) }));
  });
}
