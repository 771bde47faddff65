import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Database } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import { type FeatureConsumer, featureMetrics, featureRoutes, openAppliedFeatures } from '@mlops/features';
import type { Pipeline } from '@mlops/operations';
import type { Metrics } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Module } from '../module.ts';
import { type FeatureJobParts, featureJobs, registryJob } from './jobs.ts';
import { featureApiOperations } from './operations.ts';
import { featureHandlers } from './routes.ts';

export interface FeatureModuleParts {
  readonly database: Database<unknown>;
  /** The data folder. */
  readonly data: string;
  /** Where the teams' folders with history are; default: in the data folder. */
  readonly history: string | undefined;
  /** Feast's file registry that gets a copy of the definitions; default: none. */
  readonly registry: string | undefined;
  /** A Redis; default: the database. */
  readonly online: string | undefined;
  /** Whether the platform is for the one user of this machine, who may read all of it anyway. */
  readonly isOwnMachine: boolean;
  readonly consumersOf: (team: string) => Promise<readonly FeatureConsumer[]>;
  readonly materialise: FeatureJobParts['materialise'];
  readonly audit: Audit;
  readonly metrics: Metrics;
}

/** Features: a team's project has the team's name. */
export async function openFeatureModule(parts: FeatureModuleParts) {
  const { database, data, online, registry, isOwnMachine, consumersOf, audit, metrics } = parts;
  const folder = parts.history ?? join(data, 'features');
  mkdirSync(folder, { recursive: true });
  const features = await openAppliedFeatures({
    database,
    online,
    scratch: join(data, 'features-scratch'),
    folder,
    isConfined: !isOwnMachine,
    isShared: database.dialect === 'postgres',
    consumersOf,
  });
  const onWritten = featureMetrics(metrics, features);
  const handlers = featureHandlers({ features, audit, mayNameRoot: isOwnMachine, consumersOf, onWritten });
  return {
    name: 'features',
    features,
    /** @throws INVALID_PARAMETER */
    async checkService(team: string, service: string) {
      const { services } = (await features.engine(team)).project();
      if (services.has(service)) return;
      const known = [...services.keys()].slice(0, 20).join(', ') || 'none';
      const message = `options.features: there is no feature service '${service}'; there are ${known}.`;
      throw new PlatformError('INVALID_PARAMETER', message, { field: 'options.features' });
    },
    tables: [servedTable(featureApiOperations, handlers)],
    /** Feast's interface. */
    protocol: (app: FastifyInstance, pipeline: Pipeline) =>
      app.register(featureRoutes, { host: features, pipeline, onWritten }),
    jobs: [
      ...featureJobs({ features, materialise: parts.materialise, onWritten }),
      ...(registry === undefined ? [] : [registryJob(features, registry)]),
    ],
    close: () => features.close(),
  } satisfies Module & Record<string, unknown>;
}
