export { openPolicies } from './module.ts';
export { policyOperations } from './routes.ts';
