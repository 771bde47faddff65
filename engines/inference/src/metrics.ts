import type { Metrics } from '@mlops/service';
import { Counter, Histogram } from '@prometheus-io/client';
import type { OnPrediction } from './prediction.ts';

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Metrics under the names that dashboards for KServe's and Triton's servers read. */
export function inferenceMetrics(registry: Metrics): OnPrediction {
  const seconds = new Histogram({
    name: 'request_predict_seconds',
    help: 'Time of a prediction in the engine.',
    labelNames: ['model_name'],
    buckets: SECONDS,
    registers: [registry],
  });
  const success = new Counter({
    name: 'nv_inference_request_success',
    help: 'Predictions that were answered.',
    labelNames: ['model', 'version'],
    registers: [registry],
  });
  const failure = new Counter({
    name: 'nv_inference_request_failure',
    help: 'Predictions that were refused or failed, by status.',
    labelNames: ['model', 'reason'],
    registers: [registry],
  });
  return ({ model, version, latencyMs, status }) => {
    if (version === undefined) {
      // An unknown name must not become a label: anyone could make the registry grow.
      failure.inc({ model: status === 404 ? 'unknown' : model, reason: String(status) });
      return;
    }
    seconds.observe({ model_name: model }, latencyMs / 1000);
    success.inc({ model, version });
  };
}
