export { openQuotas } from './module.ts';
export type { Quotas } from './quotas.ts';
export { quotaOperations } from './routes.ts';
