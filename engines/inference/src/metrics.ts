import type { Metrics } from '@mlops/service';
import { Counter, Histogram } from '@prometheus-io/client';
import { type OnPrediction, rowCount } from './prediction.ts';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Metrics under the names that dashboards for KServe's and Triton's servers read. */
export function inferenceMetrics(
  registry: Metrics,
  isKnown: (namespace: string, model: string) => boolean,
): OnPrediction {
  const registers = [registry];
  const ofModel = { labelNames: ['team', 'model', 'version'], registers } as const;
  const seconds = new Histogram({
    name: 'request_predict_seconds',
    help: 'Time of a prediction, from reading its tensors to the answer.',
    labelNames: ['team', 'model_name'],
    buckets: SECONDS,
    registers,
  });
  const success = new Counter({
    name: 'nv_inference_request_success',
    help: 'Predictions that were answered.',
    ...ofModel,
  });
  const count = new Counter({ name: 'nv_inference_count', help: 'Rows that were predicted.', ...ofModel });
  const duration = new Counter({
    name: 'nv_inference_request_duration_us',
    help: 'Time of all predictions together, in microseconds.',
    ...ofModel,
  });
  const failure = new Counter({
    name: 'nv_inference_request_failure',
    help: 'Predictions that were refused or failed: REJECTED (queue full), BACKEND (the server), OTHER (the request).',
    labelNames: ['team', 'model', 'reason'],
    registers,
  });
  return (event) => {
    const { namespace: team, model, version, latencyMs, status, error } = event;
    if (error !== undefined || version === undefined) {
      // A name that does not exist must not become a label: anyone could make the registry grow.
      failure.inc({ team, model: isKnown(team, model) ? model : 'unknown', reason: reasonOf(status) });
      return;
    }
    seconds.observe({ team, model_name: model }, latencyMs / 1000);
    success.inc({ team, model, version });
    count.inc({ team, model, version }, rowCount(event));
    duration.inc({ team, model, version }, latencyMs * 1000);
  };
}

/** Triton's reasons. */
function reasonOf(status: number): string {
  if (status === 429) return 'REJECTED';
  return status >= 500 ? 'BACKEND' : 'OTHER';
}
