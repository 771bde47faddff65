import { type PredictionEvent, rowCount } from '@mlops/inference';
import type { Metrics } from '@mlops/service';
import { Counter, Gauge } from '@prometheus-io/client';
import { type Prediction, predictionsOf, type Served } from './prediction.ts';

const FLUSH_MILLISECONDS = 200;
/** What is turned into text and written in one go, between two turns of the event loop. */
const FLUSH_ROWS_MAX = 500;
const FLUSH_VALUES_MAX = 20_000;

export interface RecorderParts {
  readonly write: (deployment: string, predictions: readonly Prediction[]) => Promise<void>;
  readonly servedBy: (event: PredictionEvent) => Served | undefined;
  readonly queueMax: number;
  readonly metrics: Metrics;
  readonly onError: (error: unknown) => void;
}

/** Takes predictions from the hot path into a bounded queue and writes them behind it. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #dropped: Counter;
  #queue: { readonly event: PredictionEvent; readonly served: Served; taken: number }[] = [];
  #rows = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    const registers = [parts.metrics];
    this.#dropped = new Counter({
      name: 'mlops_predictions_dropped_total',
      help: 'Predictions that were not logged because the queue was full or the log could not be written.',
      registers,
    });
    const queued: Gauge = new Gauge({
      name: 'mlops_predictions_queued',
      help: 'Predictions that wait to be logged.',
      registers,
      collect: () => queued.set(this.#rows),
    });
  }

  /** Never waits and never throws; what does not fit is dropped and counted. */
  record(event: PredictionEvent): void {
    const served = this.#parts.servedBy(event);
    if (!served) return;
    const rows = rowCount(event);
    if (rows === 0) return;
    if (this.#rows + rows > this.#parts.queueMax) {
      this.#dropped.inc(rows);
      return;
    }
    this.#queue.push({ event, served, taken: 0 });
    this.#rows += rows;
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MILLISECONDS).unref();
  }

  /** Writes what waits; answers when it is in the log. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#drain());
    return this.#flushing;
  }

  async #drain(): Promise<void> {
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) {
      for (const [deployment, group] of Map.groupBy(batch, (prediction) => prediction.deployment)) {
        try {
          await this.#parts.write(deployment, group);
        } catch (error) {
          this.#dropped.inc(group.length);
          this.#parts.onError(error);
        }
      }
      this.#rows -= batch.length;
    }
  }

  /** The next predictions: a request of many rows is taken in pieces. */
  #take(): Prediction[] {
    const predictions: Prediction[] = [];
    let values = 0;
    while (predictions.length < FLUSH_ROWS_MAX && values < FLUSH_VALUES_MAX) {
      const [next] = this.#queue;
      if (!next) break;
      const width = valuesOfRow(next.event);
      const fitting = Math.max(1, Math.floor((FLUSH_VALUES_MAX - values) / width));
      const upTo = next.taken + Math.min(fitting, FLUSH_ROWS_MAX - predictions.length);
      const taken = predictionsOf(next.event, next.served, next.taken, upTo);
      predictions.push(...taken);
      values += taken.length * width;
      next.taken = upTo;
      if (upTo >= rowCount(next.event)) this.#queue.shift();
    }
    return predictions;
  }
}

/** Numbers and texts that one row of a request takes, asked and answered. */
function valuesOfRow(event: PredictionEvent): number {
  const values = [...event.inputs, ...event.outputs].reduce((sum, { data }) => sum + data.length, 0);
  return Math.max(1, values / rowCount(event));
}
