import type { Database } from '@mlops/database';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { Audit } from './audit.ts';
import { auditHandlers, auditOperations } from './routes.ts';
import { AuditStore, auditSchema } from './store.ts';

export function openAudit(database: Database<unknown>): Module & { readonly audit: Audit } {
  const store = new AuditStore(database);
  return {
    name: 'audit',
    audit: new Audit(store),
    schema: auditSchema,
    tables: [servedTable(auditOperations, auditHandlers(store))],
  };
}
