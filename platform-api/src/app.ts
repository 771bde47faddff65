import { join } from 'node:path';
import { openBlobs, openBlobsAt } from '@mlops/blobs';
import type { SettingsOf } from '@mlops/configuration';
import { openDataFolder, refuseLostDatabase } from '@mlops/data-folder';
import { openDatabase } from '@mlops/database';
import { toPlatformError } from '@mlops/errors';
import { featureOperations } from '@mlops/features';
import { inferenceOperations, inferenceRoutes, invocationsRoutes, openInference } from '@mlops/inference';
import type { Caller, Operation } from '@mlops/operations';
import { createServer, tlsFiles } from '@mlops/service';
import { artifactOperations, openTracking, remoteTracking, trackingOperations, trackingRoutes } from '@mlops/tracking';
import type { FastifyInstance } from 'fastify';
import { Authoriser, OpenIdTokens, openIdentity, readIssuers } from './access/index.ts';
import { accessOperations, openAdministration, statusOperations } from './administration/index.ts';
import { type ApiGroup, openApiDocument } from './api/index.ts';
import { actingTeam, auditOperations, openAudit } from './audit/index.ts';
import { deploymentOperations, openDeployments } from './deployments/index.ts';
import { featureApiOperations, openFeatureModule } from './features/index.ts';
import { createPipeline, Meter, type PipelineParts } from './gateway/index.ts';
import { jobOperations, openJobs, systemActs } from './jobs/index.ts';
import { assemble, type Module } from './module.ts';
import { INVOCATIONS_PATH, pageRoutes } from './pages.ts';
import { openPolicies, policyOperations } from './policies/index.ts';
import { openPredictions, predictionLogPlace, predictionOperations } from './predictions/index.ts';
import { openQuotas, quotaOperations } from './quotas/index.ts';
import { EmbeddedTarget, ModelFiles } from './serving/index.ts';
import { csrfToken, openSessions, sessionOperations } from './sessions/index.ts';
import { Owners, openTeams, type Teams, teamOperations } from './teams/index.ts';
import { firstToken, openTokens, tokenOperations } from './tokens/index.ts';

/** The platform's own API. */
export const apiGroups: readonly ApiGroup[] = [
  { name: 'deployment', description: 'Models into service, and out of it.', tables: [deploymentOperations] },
  { name: 'monitoring', description: 'What was predicted, and what came true.', tables: [predictionOperations] },
  { name: 'features', description: 'Features by definition, value and history.', tables: [featureApiOperations] },
  {
    name: 'administration',
    description: 'Teams, people, what they may do and what they have done; jobs, and how the platform is.',
    tables: [
      teamOperations,
      tokenOperations,
      sessionOperations,
      accessOperations,
      policyOperations,
      quotaOperations,
      auditOperations,
      jobOperations,
      statusOperations,
    ],
  },
];

/** The same as one OpenAPI document. */
export const openApi = openApiDocument(apiGroups);

/** All operations of all protocols by their names, which are unique. */
const everyOperation = new Map<string, Operation>(
  [
    ...apiGroups.flatMap(({ tables }) => tables),
    trackingOperations,
    artifactOperations,
    inferenceOperations,
    featureOperations,
  ].flatMap((table) => Object.entries(table)),
);

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
  const owners = new Owners({ workspaceOf: (thing) => tracking.workspaceOf(thing) });
  const membership = {
    existing: (team: string) => teams.teams.existing(team),
    rolesOf: (team: string, principal: string) => teams.teams.rolesOf(team, principal),
    hold: (team: string) => teams.teams.hold(team),
    reserveToken: (team: string) => quotas.reserve(team, 'tokens'),
  };
  const tokens = openTokens(database, { owners, teams: membership });
  quotas.measure('tokens', tokens.count);
  const teams = openTeams(database, {
    async furnish({ name, size }) {
      await quotas.provide(name, size);
      await tracking.addWorkspace(name);
    },
    narrow: (team, principal, roles) => tokens.tokens.narrow(team, principal, roles),
  });
  const issuers = settings['oidc-issuers'] === undefined ? [] : readIssuers(settings['oidc-issuers']);
  const openId = new OpenIdTokens(issuers);
  const sessions = openSessions(database, { issuers, openId, pipeline: () => pipeline });
  const findSession = sessions.find;
  const identity = openIdentity(settings.identity, {
    findToken: async (token) => (await tokens.find(token)) ?? (await findSession(token)) ?? openId.find(token),
    findSession,
    csrfToken,
  });
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

  const { identify } = identity;
  const { live } = deployments;
  const guards = { ...deployments.guards, ...quotaModule.guards };
  const enter: Teams['enter'] = (person, asked) => teams.teams.enter(person, asked);
  const admit: PipelineParts['admit'] = (team, resource) => quotas.admit(team, resource);
  const parts = { identify, enter, admit, authoriser, owners, audit, meter: new Meter(metrics), database, guards };
  const pipeline = createPipeline(parts, { sharesDatabase: true });
  const acts = systemActs(pipeline, `Bearer ${identity.systemToken}`);

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
  const overviewFor = (caller: Caller) => {
    const call = { name: 'listDeployments', operation: deploymentOperations.listDeployments, input: {}, caller };
    return pipeline(call, deployments.overview).catch((error: unknown) => {
      const { code } = toPlatformError(error);
      if (code === 'UNAUTHENTICATED' || code === 'PERMISSION_DENIED') return [];
      throw error;
    });
  };
  const protocols: Module = {
    name: 'protocols',
    async routes(scope) {
      const own = tracking.sharesDatabase ? pipeline : createPipeline(parts, { sharesDatabase: false });
      await scope.register(trackingRoutes, { engine: tracking, pipeline: own, workspaces: teams.workspaces });
      const serving = { engine: inference, pipeline, onPrediction: predictions.record };
      await scope.register(inferenceRoutes, serving);
      await scope.register(invocationsRoutes, { ...serving, url: INVOCATIONS_PATH });
      await features.protocol(scope, pipeline);
      await pageRoutes({
        openApi,
        overview: overviewFor,
        visitor: (request) => sessions.visitor(request),
        signsIn: settings.identity === 'required',
        failures: () => live.failures,
        namesFailures: settings.identity !== 'required',
        isServing: () => inference.isServing(),
      })(scope);
    },
  };
  const foundation: Module = {
    name: 'foundation',
    async close() {
      openId.close();
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
  const policies = openPolicies(database, {
    authoriser,
    entries,
    accessOf: (name) => everyOperation.get(name)?.access,
  });
  const working = [
    auditModule,
    policies,
    teams,
    tokens,
    sessions,
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
  await assemble(app, [foundation, ...working, ...signIn, protocols, jobs], { database, pipeline });
  return { app, systemToken: identity.systemToken, firstToken: first.file };
}
