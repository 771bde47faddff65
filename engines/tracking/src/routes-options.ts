import type { Pipeline } from '@mlops/operations';
import type { TrackingEngine } from './engine.ts';

/** What MLflow's REST interface is served with. */
export interface TrackingRoutesOptions {
  readonly engine: TrackingEngine;
  readonly pipeline: Pipeline;
  /** Absent where there is only the workspace `default`. */
  readonly workspaces?: Workspaces;
}

/** A workspace as MLflow's clients know it. */
export interface WorkspaceInfo {
  readonly name: string;
  readonly description: string;
}

/** What MLflow's workspace API asks. Who may ask for what is the pipeline's matter. */
export interface Workspaces {
  /** Those that the caller belongs to. */
  list(): Promise<readonly WorkspaceInfo[]>;
  /** @throws NOT_FOUND */
  get(name: string): Promise<WorkspaceInfo>;
  /** @throws ALREADY_EXISTS, INVALID_PARAMETER */
  create(workspace: WorkspaceInfo): Promise<WorkspaceInfo>;
  /** @throws NOT_FOUND */
  update(name: string, description: string): Promise<WorkspaceInfo>;
  /** @throws NOT_FOUND, INVALID_STATE */
  delete(name: string): Promise<void>;
}
