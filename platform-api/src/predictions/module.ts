import { join } from 'node:path';
import type { BlobStore } from '@mlops/blobs';
import type { Database } from '@mlops/database';
import type { PredictionEvent } from '@mlops/inference';
import { DEFAULT_TEAM } from '@mlops/operations';
import type { Metrics } from '@mlops/service';
import { Counter } from '@prometheus-io/client';
import type { FastifyBaseLogger } from 'fastify';
import { servedTable } from '../api/index.ts';
import type { Deployments, LiveDeployments } from '../deployments/index.ts';
import type { Module } from '../module.ts';
import { deploymentKey } from '../teams/index.ts';
import { ActualsStore, actualsSchema } from './actuals.ts';
import { importOldLog } from './import.ts';
import { type PredictionJobParts, predictionJobs } from './jobs.ts';
import { SharedPredictionLog } from './log.ts';
import { Recorder } from './recorder.ts';
import { predictionHandlers, predictionOperations } from './routes.ts';
import { PredictionStore, predictionSchema } from './store.ts';

export interface PredictionsModuleParts {
  readonly database: Database<unknown>;
  readonly blobs: BlobStore;
  /** The data folder. */
  readonly data: string;
  readonly deployments: Deployments;
  readonly live: LiveDeployments;
  readonly queueMax: number;
  readonly retentionDays: number;
  readonly expire: PredictionJobParts['expire'];
  readonly metrics: Metrics;
  readonly log: FastifyBaseLogger;
}

export function openPredictions(parts: PredictionsModuleParts) {
  const { database, data, deployments, live, retentionDays, metrics } = parts;
  const store = new PredictionStore(database);
  const unreadable = new Counter({
    name: 'mlops_prediction_segments_unreadable_total',
    help: 'Times that a file of the prediction log could not be read.',
    registers: [metrics],
  });
  const log = new SharedPredictionLog({
    store,
    blobs: parts.blobs,
    folder: join(data, 'predictions', 'scratch'),
    onUnreadable(path, err) {
      unreadable.inc();
      parts.log.error({ segment: path, err }, 'a file of the prediction log cannot be read');
    },
  });
  const recorder = new Recorder({
    write: (deployment, predictions, id) => log.append(deployment, predictions, id),
    servedBy: ({ namespace, model, version }) => live.served(deploymentKey(namespace, model), version),
    queueMax: parts.queueMax,
    metrics,
    onError: (err) => parts.log.error({ err }, 'predictions could not be logged'),
  });
  const handlers = predictionHandlers({
    log,
    recorder,
    store,
    retentionDays,
    actuals: new ActualsStore(database),
    deployments,
  });
  return {
    name: 'predictions',
    record: (event: PredictionEvent) => recorder.record(event),
    schema: { ...actualsSchema, ...predictionSchema },
    tables: [servedTable(predictionOperations, handlers)],
    jobs: predictionJobs({ log, store, retentionDays, expire: parts.expire }),
    async start() {
      const damaged = await importOldLog(join(data, 'predictions'), { log, store, team: DEFAULT_TEAM });
      for (const path of damaged) parts.log.error({ path }, 'a file of the old prediction log cannot be read');
    },
    async close() {
      await recorder.close();
      await log.close();
    },
  } satisfies Module & Record<string, unknown>;
}
