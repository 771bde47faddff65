export { type EmbeddedTrackingOptions, openTracking } from './embedded/engine.ts';
export { digestOfFiles } from './embedded/model-source.ts';
export type {
  ModelVersionFiles,
  OperationName,
  TrackedQuantity,
  TrackingEngine,
  TrackingOperations,
  TrackingWorkspace,
} from './engine.ts';
export type * from './messages.ts';
export { artifactOperations, serverOperations, trackingOperations, workspaceOperations } from './operations/index.ts';
export { remoteTracking } from './remote.ts';
export { trackingRoutes } from './routes.ts';
export type { WorkspaceInfo, Workspaces } from './routes-options.ts';
export { buildTrackingServer } from './server.ts';
