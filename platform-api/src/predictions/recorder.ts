import { toPlatformError } from '@mlops/errors';
import { type PredictionEvent, rowCount } from '@mlops/inference';
import type { Metrics } from '@mlops/service';
import { Counter, Gauge } from '@prometheus-io/client';
import { type Prediction, predictionsOf, type Served } from './prediction.ts';

const FLUSH_MILLISECONDS = 200;
/** What is turned into text and written in one go, between two turns of the event loop. */
const FLUSH_ROWS_MAX = 500;
const FLUSH_VALUES_MAX = 20_000;
/** What may wait, in numbers and texts: some hundred megabytes. */
const QUEUED_VALUES_MAX = 20_000_000;

export interface RecorderParts {
  /** Writes once what it is given under an id, however often it is tried. */
  readonly write: (deployment: string, predictions: readonly Prediction[], id: string) => Promise<void>;
  readonly servedBy: (event: PredictionEvent) => Served | undefined;
  readonly queueMax: number;
  readonly metrics: Metrics;
  readonly onError: (error: unknown) => void;
}

/** Until the log can be written again. */
const RETRY_MILLISECONDS = 200;
const RETRY_MILLISECONDS_MAX = 5000;
const PASSING = new Set(['STORAGE_FULL', 'DATABASE_UNAVAILABLE']);

/** What is written together. */
interface Group {
  readonly id: string;
  readonly deployment: string;
  readonly predictions: readonly Prediction[];
}

/** Takes predictions from the hot path into a bounded queue and writes them behind it. */
export class Recorder {
  readonly #parts: RecorderParts;
  readonly #dropped: Counter;
  #queue: { readonly event: PredictionEvent; readonly served: Served; taken: number }[] = [];
  /** What was taken and is not in the log yet. */
  #unwritten: Group[] = [];
  #rows = 0;
  /** Of the requests that wait. */
  #values = 0;
  /** How often in a row the log could not be written. */
  #failures = 0;
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
    const values = valuesOf(event);
    if (this.#rows + rows > this.#parts.queueMax || this.#values + values > QUEUED_VALUES_MAX) {
      this.#dropped.inc(rows);
      return;
    }
    this.#queue.push({ event, served, taken: 0 });
    this.#rows += rows;
    this.#values += values;
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_MILLISECONDS).unref();
  }

  /** Writes what waits; answers when it is in the log. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flushing.then(() => this.#drain());
    return this.#flushing;
  }

  /** Writes what can be written; the rest is lost, and counted. */
  async close(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
    this.#dropped.inc(this.#rows);
  }

  /** Writes until nothing waits, or until the log cannot be written now: then what waits stays, and is tried again. */
  async #drain(): Promise<void> {
    for (;;) {
      if (this.#unwritten.length === 0) this.#unwritten = groupsOf(this.#take());
      const [group] = this.#unwritten;
      if (!group) return;
      try {
        await this.#parts.write(group.deployment, group.predictions, group.id);
        this.#failures = 0;
      } catch (error) {
        if (this.#failures === 0) this.#parts.onError(error);
        if (PASSING.has(toPlatformError(error).code)) {
          this.#retryLater();
          return;
        }
        this.#dropped.inc(group.predictions.length);
      }
      this.#unwritten.shift();
      this.#rows -= group.predictions.length;
    }
  }

  #retryLater(): void {
    const delay = Math.min(RETRY_MILLISECONDS * 2 ** this.#failures, RETRY_MILLISECONDS_MAX);
    this.#failures += 1;
    this.#timer ??= setTimeout(() => void this.flush(), delay).unref();
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
      if (upTo < rowCount(next.event)) continue;
      this.#queue.shift();
      this.#values -= valuesOf(next.event);
    }
    return predictions;
  }
}

function groupsOf(predictions: readonly Prediction[]): Group[] {
  const groups = Map.groupBy(predictions, ({ deployment }) => deployment);
  return [...groups].map(([deployment, own]) => ({ id: crypto.randomUUID(), deployment, predictions: own }));
}

/** Numbers and texts that one row of a request takes, asked and answered. */
function valuesOfRow(event: PredictionEvent): number {
  return Math.max(1, valuesOf(event) / rowCount(event));
}

function valuesOf({ inputs, outputs }: PredictionEvent): number {
  let values = 0;
  for (const { data } of inputs) values += data.length;
  for (const { data } of outputs) values += data.length;
  return values;
}
