export { type Act, type Audit, actingTeam, currentAct } from './audit.ts';
export { openAudit } from './module.ts';
export { auditOperations } from './routes.ts';
