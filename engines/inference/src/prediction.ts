import { PlatformError } from '@mlops/errors';
import type { Inference, Tensor } from './engine.ts';

/** What is known of a prediction when its answer is computed. */
export interface PredictionEvent {
  readonly model: string;
  /** The version that answered; undefined if none did. */
  readonly version: string | undefined;
  readonly requestId: string;
  readonly time: number;
  readonly latencyMs: number;
  readonly status: number;
  readonly error: string | undefined;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly keys: readonly string[] | undefined;
}

export type OnPrediction = (event: PredictionEvent) => void;

/** Runs a prediction and reports it, whatever becomes of it; who listens can neither delay nor fail it. */
export async function observed<T extends Inference>(
  model: string,
  requestId: string,
  listeners: readonly OnPrediction[],
  run: () => Promise<T>,
): Promise<T> {
  const time = Date.now();
  const started = performance.now();
  const report = (rest: Pick<PredictionEvent, 'version' | 'status' | 'error' | 'inputs' | 'outputs' | 'keys'>) => {
    const event = { model, requestId, time, latencyMs: performance.now() - started, ...rest };
    for (const listen of listeners) listen(event);
  };
  try {
    const { modelVersion, inputs, outputs, keys, ...others } = await run();
    report({ version: modelVersion, status: 200, error: undefined, inputs, outputs, keys });
    return { modelVersion, inputs, outputs, keys, ...others } as T;
  } catch (error) {
    const { status, message } = error instanceof PlatformError ? error : { status: 500, message: 'failed' };
    report({ version: undefined, status, error: message, inputs: [], outputs: [], keys: undefined });
    throw error;
  }
}
