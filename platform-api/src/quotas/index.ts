export { Quotas } from './quotas.ts';
export { quotaHandlers, quotaOperations } from './routes.ts';
export { QuotaStore, quotaSchema } from './store.ts';
