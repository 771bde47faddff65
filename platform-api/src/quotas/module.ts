import type { Database } from '@mlops/database';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { Quotas } from './quotas.ts';
import { quotaHandlers, quotaOperations } from './routes.ts';
import { QuotaStore, quotaSchema } from './store.ts';

export function openQuotas(database: Database<unknown>): Module & { readonly quotas: Quotas } {
  const quotas = new Quotas(new QuotaStore(database));
  return {
    name: 'quotas',
    quotas,
    schema: quotaSchema,
    tables: [servedTable(quotaOperations, quotaHandlers(quotas))],
  };
}
