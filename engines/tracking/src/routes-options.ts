import type { Pipeline } from '@mlops/operations';
import type { TrackingEngine } from './engine.ts';

/** What MLflow's REST interface is served with. */
export interface TrackingRoutesOptions {
  readonly engine: TrackingEngine;
  readonly pipeline: Pipeline;
}
