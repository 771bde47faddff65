import type { Database } from '@mlops/database';
import type { JobDefinition } from '@mlops/jobs';
import type { TrackingEngine } from '@mlops/tracking';
import type { FastifyBaseLogger } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Module } from '../module.ts';
import type { Quotas } from '../quotas/index.ts';
import type { ServingTarget } from '../serving/index.ts';
import { partsOf } from '../teams/index.ts';
import { Deployments, type DeploymentsParts } from './deployments.ts';
import { Follower } from './follower.ts';
import { deployableVersion } from './gates.ts';
import { LiveDeployments } from './live.ts';
import { registryGuards } from './model-version.ts';
import { deploymentHandlers, deploymentOperations } from './routes.ts';
import { deploymentSchema, trafficSchema } from './schema.ts';
import { DeploymentStore } from './store.ts';

export interface DeploymentsModuleParts {
  readonly database: Database<unknown>;
  readonly tracking: TrackingEngine;
  readonly target: ServingTarget;
  readonly quotas: Quotas;
  readonly audit: Audit;
  readonly checkFeatures: DeploymentsParts['checkFeatures'];
  readonly log: FastifyBaseLogger;
}

const FOLLOW_SECONDS = 2;
const SWEEP_SECONDS = 3600;

export function openDeployments({ database, log, ...parts }: DeploymentsModuleParts) {
  const { target, quotas } = parts;
  const store = new DeploymentStore(database);
  const live = new LiveDeployments(target);
  const deployments = new Deployments({ ...parts, store, live, gates: [deployableVersion] });
  const onError = (deployment: string, err: unknown) =>
    log.error({ deployment, err }, 'a deployment cannot be served here');
  const follower = new Follower({ store, target, live, onError });

  quotas.measure('deployments', (team) => store.countLive(team));

  const follow: JobDefinition = {
    name: 'follow-deployments',
    summary: 'Serves here what other processes have decided, and what could not be served before.',
    everySeconds: FOLLOW_SECONDS,
    runner: 'each',
    run: async () => {
      // One process that has the database for itself has decided all that there is; what it could not serve it tries again.
      if (database.dialect === 'sqlite' && live.failures.size === 0) return undefined;
      const changed = await follower.follow();
      return changed === 0 ? undefined : `followed ${changed} deployments`;
    },
  };
  const sweep: JobDefinition = {
    name: 'sweep-models',
    summary: 'Removes model files on this machine that no deployment needs.',
    everySeconds: SWEEP_SECONDS,
    runner: 'each',
    run: async () => {
      const removed = await target.sweep(await store.neededDigests(), SWEEP_SECONDS * 1000);
      return removed === 0 ? undefined : `removed ${removed} models`;
    },
  };
  return {
    name: 'deployments',
    deployments,
    live,
    guards: registryGuards(store),
    /** @throws Error that says how many deployments cannot be served here: which, is for their teams to know */
    check() {
      const { size } = live.failures;
      if (size > 0) throw new Error(`${size} deployments cannot be served by this process`);
    },
    /** Live deployments of a team that are filled by a feature service. */
    featureConsumers: async (team: string) => {
      const serving = (await store.active(team)).map(async ({ key, liveRevision }) => {
        const revision = liveRevision === null ? undefined : await store.revision(key, liveRevision);
        const service = revision?.options.features;
        return service === undefined ? [] : [{ name: partsOf(key).name, service }];
      });
      return (await Promise.all(serving)).flat();
    },
    /** Names, states and models of what a team has deployed, for people. */
    overview: async (team: string) => {
      const shown = (await store.active(team)).map(async ({ key, liveRevision }) => {
        const revision = liveRevision === null ? undefined : await store.revision(key, liveRevision);
        const model = revision ? `${revision.modelName}/${revision.modelVersion}` : '';
        return { name: partsOf(key).name, status: live.isReady(key) ? 'ready' : 'not ready', model };
      });
      return Promise.all(shown);
    },
    schema: { ...deploymentSchema, ...trafficSchema },
    tables: [servedTable(deploymentOperations, deploymentHandlers(deployments, store, live))],
    jobs: [follow, sweep],
    async start() {
      // Nothing is being made yet.
      await target.sweep(await store.neededDigests(), 0);
      await follower.follow();
    },
  } satisfies Module & Record<string, unknown>;
}
