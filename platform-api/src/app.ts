import { join } from 'node:path';
import { openBlobs, openBlobsAt } from '@mlops/blobs';
import type { SettingsOf } from '@mlops/configuration';
import { openDataFolder, refuseLostDatabase } from '@mlops/data-folder';
import { openDatabase } from '@mlops/database';
import { openInference } from '@mlops/inference';
import { createServer, tlsFiles } from '@mlops/service';
import { openTracking, remoteTracking } from '@mlops/tracking';
import type { FastifyInstance } from 'fastify';
import { Authoriser } from './access/index.ts';
import { openAdministration } from './administration/index.ts';
import { actingTeam, openAudit } from './audit/index.ts';
import { openDeployments } from './deployments/index.ts';
import { openFeatureModule } from './features/index.ts';
import { createPipeline, Meter, type PipelineParts } from './gateway/index.ts';
import { openJobs, systemActs } from './jobs/index.ts';
import { assemble, type Module, migrateModules } from './module.ts';
import { accessOf } from './operations.ts';
import { openPeople } from './people.ts';
import { openPolicies } from './policies/index.ts';
import { openPredictions, predictionLogPlace } from './predictions/index.ts';
import { protocolModule } from './protocols.ts';
import { openQuotas } from './quotas/index.ts';
import { EmbeddedTarget, ModelFiles } from './serving/index.ts';
import { firstToken } from './tokens/index.ts';

export interface Platform {
  /** It does not listen yet; closing it closes all. */
  readonly app: FastifyInstance;
  /** The bearer token with which this process calls itself. */
  readonly systemToken: string;
  /** Where the first administrator's token was written at this start. */
  readonly firstToken: () => string | undefined;
}

/** Everything in one process: engines, pipeline, modules, and the server that speaks all protocols. */
export async function buildPlatform(settings: SettingsOf<'platform'>): Promise<Platform> {
  const { app, modules, database, pipeline, systemToken, firstToken: file } = await openPlatform(settings);
  await assemble(app, modules, { database, pipeline });
  return { app, systemToken, firstToken: file };
}

/** Brings the tables of everything that buildPlatform would start up to date, and starts none of it. */
export async function migratePlatform(settings: SettingsOf<'platform'>): Promise<void> {
  const { app, modules, database } = await openPlatform({ ...settings, migrate: true });
  try {
    await migrateModules(database, modules);
  } finally {
    await app.close();
    for (const module of modules.toReversed()) await module.close?.();
  }
}

/** Opens the parts; nothing is started yet. */
async function openPlatform(settings: SettingsOf<'platform'>) {
  const authoriser = new Authoriser(settings.policies);
  const folder = openDataFolder(settings.data);
  if (settings.database === undefined)
    refuseLostDatabase(folder.path, 'mlops.db', ['artifacts', 'models', 'predictions']);
  const database = openDatabase<unknown>(settings, { onBehalfOf: actingTeam });
  const app = createServer({
    logLevel: settings['log-level'],
    allowedHosts: settings['allowed-hosts'],
    trustedProxies: settings['trusted-proxies'],
    tls: tlsFiles(settings),
  });
  const { log, metrics } = app;
  const tracking =
    settings['tracking-url'] === undefined
      ? await openTracking({ database, blobs: openBlobs(settings) })
      : remoteTracking(settings['tracking-url']);
  const inference = openInference({
    threads: settings['inference-threads'],
    timeoutSeconds: settings['inference-timeout'],
    enrich: async (team, service, request) => (await features.features.engine(team)).enrich(service, request),
  });
  const { audit, entries, ...auditModule } = openAudit({
    database,
    data: folder.path,
    keyFile: settings['audit-key'],
    archive:
      settings['audit-archive'] === undefined ? undefined : openBlobsAt('audit-archive', settings['audit-archive']),
  });
  const { quotas, ...quotaModule } = openQuotas(database);
  for (const what of ['experiments', 'runs', 'registered-models', 'storage-bytes'] as const) {
    quotas.measure(what, (team) => tracking.used(team, what));
  }
  const people = openPeople({ database, settings, tracking, quotas, log, pipeline: () => pipeline });
  const { owners, teams, tokens, sessions, breakGlass, identify, enter, systemToken } = people;
  const target = new EmbeddedTarget(inference, new ModelFiles(join(folder.path, 'models'), tracking));
  const deployments = openDeployments({
    database,
    tracking,
    target,
    quotas,
    audit,
    log,
    checkFeatures: (team, service) => features.checkService(team, service),
  });

  const { live } = deployments;
  const guards = { ...deployments.guards, ...quotaModule.guards };
  const admit: PipelineParts['admit'] = (team, resource) => quotas.admit(team, resource);
  const parts = { identify, enter, admit, authoriser, owners, audit, meter: new Meter(metrics), database, guards };
  const pipeline = createPipeline(parts, { sharesDatabase: true });
  const acts = systemActs(pipeline, `Bearer ${systemToken}`);

  const predictions = openPredictions({
    database,
    live,
    metrics,
    log,
    blobs: openBlobsAt('prediction-log', predictionLogPlace(settings, folder.path)),
    data: folder.path,
    deployments: deployments.deployments,
    queueMax: settings['predictions-queue'],
    retentionDays: settings['prediction-retention-days'],
    expire: acts.expirePredictions,
  });
  const features = await openFeatureModule({
    database,
    data: folder.path,
    history: settings['feature-history'],
    registry: settings['feature-registry'],
    online: settings.online,
    isOwnMachine: settings.identity === 'local',
    consumersOf: deployments.featureConsumers,
    materialise: acts.materialiseFeatures,
    audit,
    metrics,
  });
  const protocols = protocolModule({
    tracking,
    pipelines: { own: pipeline, remote: createPipeline(parts, { sharesDatabase: false }) },
    workspaces: teams.workspaces,
    inference,
    onPrediction: predictions.record,
    features: features.protocol,
    deployments,
    visitor: (request) => sessions.visitor(request),
    signsIn: settings.identity === 'required',
  });
  const foundation: Module = {
    name: 'foundation',
    async close() {
      people.close();
      await inference.close();
      await tracking.close();
      await database.close();
      folder.close();
    },
  };
  const administration = openAdministration({
    authoriser,
    settings,
    parts: [
      { name: 'database', check: () => teams.check() },
      { name: 'tracking', check: () => tracking.check() },
      { name: 'deployments', check: async () => deployments.check() },
      { name: 'features', check: () => features.features.ping() },
    ],
  });
  const policies = openPolicies(database, { authoriser, entries, accessOf, log });
  const working = [
    auditModule,
    policies,
    teams,
    tokens,
    sessions,
    breakGlass,
    quotaModule,
    deployments,
    predictions,
    features,
    administration,
  ];
  const definitions = working.flatMap((module: Module) => module.jobs ?? []);
  const first = firstToken(tokens.tokens, { data: folder.path, act: acts.createFirstToken });
  const signIn = settings.identity === 'required' ? [first] : [];
  const jobs = openJobs({ database, definitions, acts, metrics, log });
  const modules: readonly Module[] = [foundation, ...working, ...signIn, protocols, jobs];
  return { app, modules, database, pipeline, systemToken, firstToken: first.file };
}
