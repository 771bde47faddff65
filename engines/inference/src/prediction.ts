import { toPlatformError } from '@mlops/errors';
import type { Answer, RequestTrace, Tensor } from './engine.ts';

/** What is known of a prediction when its answer is computed. */
export interface PredictionEvent {
  readonly namespace: string;
  readonly model: string;
  /** The version that answered, or was to answer; undefined where none was chosen. */
  readonly version: string | undefined;
  readonly requestId: string;
  /** When the request was taken up, in milliseconds since 1970. */
  readonly time: number;
  readonly latencyMs: number;
  /** The HTTP status of the answer. */
  readonly status: number;
  readonly error: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly keys: readonly string[] | undefined;
  /** For each row what a feature service gave; undefined where none was asked. */
  readonly features?: readonly Readonly<Record<string, unknown>>[] | undefined;
}

/** Rows that a prediction is about. Tensors without values have none, whatever their shape; no tensors at all are one. */
export function rowCount({ inputs, outputs }: Pick<PredictionEvent, 'inputs' | 'outputs'>): number {
  const tensor = inputs[0] ?? outputs[0];
  if (!tensor) return 1;
  return tensor.data.length === 0 ? 0 : (tensor.shape[0] ?? 1);
}

/** Called before the answer is sent: it must be quick. What it throws reaches nobody who asked for a prediction. */
export type OnPrediction = (event: PredictionEvent) => void;

/** Runs a prediction and reports it, whatever becomes of it: also what is known of one that failed. */
export async function observed(
  of: { namespace: string; model: string; requestId: string; report: OnPrediction },
  run: (trace: RequestTrace) => Promise<Answer>,
): Promise<Answer> {
  const { namespace, model, requestId, report } = of;
  const time = Date.now();
  const started = performance.now();
  const trace: RequestTrace = {};
  const common = (id: string) => ({ namespace, model, requestId: id, time, latencyMs: performance.now() - started });
  let answer: Answer;
  try {
    answer = await run(trace);
  } catch (thrown) {
    const { status, message } = toPlatformError(thrown);
    const { id = requestId, version, inputs = [], keys, features } = trace;
    report({ ...common(id), version, status, error: message, inputs, outputs: [], keys, features });
    throw thrown;
  }
  const { modelVersion: version, inputs, outputs, keys } = answer;
  report({
    ...common(answer.id),
    version,
    status: 200,
    error: undefined,
    inputs,
    outputs,
    keys,
    features: trace.features,
  });
  return answer;
}
