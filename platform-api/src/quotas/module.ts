import type { Database } from '@mlops/database';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { type CountedResource, Quotas } from './quotas.ts';
import { quotaHandlers, quotaOperations } from './routes.ts';
import { QuotaStore, quotaSchema } from './store.ts';

/** What an operation adds one to. What is deleted does not count, so that what comes back does. */
const ADDS: Readonly<Record<string, CountedResource>> = {
  createExperiment: 'experiments',
  restoreExperiment: 'experiments',
  createRun: 'runs',
  restoreRun: 'runs',
  createRegisteredModel: 'registered-models',
  uploadArtifact: 'storage-bytes',
};

export function openQuotas(database: Database<unknown>) {
  const quotas = new Quotas(new QuotaStore(database));
  const reserve = (resource: CountedResource) => (_input: unknown, team: string) => quotas.reserve(team, resource);
  return {
    name: 'quotas',
    quotas,
    /** Conditions on operations, by their names. */
    guards: Object.fromEntries(Object.entries(ADDS).map(([name, resource]) => [name, reserve(resource)])),
    schema: quotaSchema,
    tables: [servedTable(quotaOperations, quotaHandlers(quotas))],
  } satisfies Module & Record<string, unknown>;
}
