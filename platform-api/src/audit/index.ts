export { type Act, type Audit, currentAct } from './audit.ts';
export { openAudit } from './module.ts';
export { auditOperations } from './routes.ts';
