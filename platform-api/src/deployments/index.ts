export type { Deployments } from './deployments.ts';
export type { LiveDeployments } from './live.ts';
export { openDeployments } from './module.ts';
export { deploymentOperations } from './routes.ts';
