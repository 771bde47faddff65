export { deployableVersion } from './gate.ts';
export { ModelFiles } from './model-files.ts';
export { deploymentHandlers, deploymentOperations } from './routes.ts';
export { Deployments } from './service.ts';
export { DeploymentStore, deploymentSchema } from './store.ts';
