import { artifactOperations } from './artifacts.ts';
import { experimentOperations } from './experiments.ts';
import { loggedModelOperations } from './logged-models.ts';
import { registryOperations } from './registry.ts';
import { runOperations } from './runs.ts';
import { serverOperations } from './server.ts';
import { workspaceOperations } from './workspaces.ts';

/** MLflow's operations: what the routes serve, the remote calls, the pipeline authorises and audits. */
export const trackingOperations = {
  ...experimentOperations,
  ...runOperations,
  ...loggedModelOperations,
  ...registryOperations,
};

export { artifactOperations, serverOperations, workspaceOperations };
