import { toPlatformError } from '@mlops/errors';
import type { Answer, Tensor } from './engine.ts';

/** What is known of a prediction when its answer is computed. */
export interface PredictionEvent {
  readonly model: string;
  /** The version that answered; undefined if none did. */
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
}

/** Called before the answer is sent: it must be quick. What it throws reaches nobody who asked for a prediction. */
export type OnPrediction = (event: PredictionEvent) => void;

/** Runs a prediction and reports it, whatever becomes of it. */
export async function observed(
  { model, requestId, report }: { model: string; requestId: string; report: OnPrediction },
  run: () => Promise<Answer>,
): Promise<Answer> {
  const time = Date.now();
  const started = performance.now();
  const common = (id: string) => ({ model, requestId: id, time, latencyMs: performance.now() - started });
  let answer: Answer;
  try {
    answer = await run();
  } catch (thrown) {
    const { status, message } = toPlatformError(thrown);
    report({
      ...common(requestId),
      version: undefined,
      status,
      error: message,
      inputs: [],
      outputs: [],
      keys: undefined,
    });
    throw thrown;
  }
  const { modelVersion: version, inputs, outputs, keys } = answer;
  report({ ...common(answer.id), version, status: 200, error: undefined, inputs, outputs, keys });
  return answer;
}
