export { Audit } from './audit.ts';
export { auditExportRoute, auditHandlers, auditOperations } from './routes.ts';
export { AuditStore, auditSchema } from './store.ts';
