import { dirname } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { InferRequest, Tensor, TensorMetadata } from '../engine.ts';
import { ModelThread, ThreadEnded } from './model-thread.ts';
import { pack } from './packing.ts';
import type { LoadReply } from './protocol.ts';
import type { SessionOptions } from './session-options.ts';

const PROGRAM = new URL('./worker.ts', import.meta.url);
const TRANSFER_BYTES_MIN = 4096;
const RESTART_MILLISECONDS = 100;
const RESTART_MILLISECONDS_MAX = 30_000;

export interface ModelFile {
  /** Unique among everything that is loaded. */
  readonly key: string;
  readonly path: string;
  readonly options: SessionOptions;
  /** How many threads hold a copy. */
  readonly copies: number;
}

export interface PoolOptions {
  readonly threads: number;
  /** Requests that may wait for one thread. */
  readonly queue: number;
  /** What a thread runs. */
  readonly program?: URL;
}

/** A thread's place: the thread changes when it dies, what it should hold does not. */
interface Place {
  thread: ModelThread;
  readonly wanted: Map<string, ModelFile>;
  readonly held: Set<string>;
  loading: number;
  /** Deaths since it last answered a request. */
  deaths: number;
}

/** Threads that hold models. A thread that dies is replaced, and gets back what it held. */
export class ModelPool {
  readonly #program: URL;
  readonly #queue: number;
  readonly #places: readonly Place[];
  readonly #timers = new Set<NodeJS.Timeout>();
  #closing = false;

  constructor({ threads, queue, program = PROGRAM }: PoolOptions) {
    this.#program = program;
    this.#queue = queue;
    this.#places = Array.from({ length: threads }, () => this.#open());
  }

  /**
   * Loads a model into threads, one after another: the others go on answering.
   * @throws INVALID_MODEL with the runtime's reason; nothing stays loaded then
   */
  async load(model: ModelFile): Promise<LoadReply> {
    const places = this.#places.toSorted((a, b) => a.wanted.size - b.wanted.size).slice(0, model.copies);
    let loaded: LoadReply | undefined;
    try {
      for (const place of places) loaded = await this.#loadInto(place, model);
      if (!loaded) throw new Error('there is no thread to hold it');
      return loaded;
    } catch (error) {
      await this.unload(model.key);
      throw new PlatformError('INVALID_MODEL', `ONNX Runtime cannot load the model: ${reason(error, model.path)}`, {
        cause: error,
      });
    }
  }

  async unload(key: string): Promise<void> {
    const places = this.#places.filter((place) => place.wanted.delete(key));
    for (const place of places) place.held.delete(key);
    await Promise.all(places.map(({ thread }) => thread.send({ kind: 'unload', model: key }).catch(() => {})));
  }

  /** Whether some thread can run the model now. */
  has(key: string): boolean {
    return this.#places.some(({ held }) => held.has(key));
  }

  /** @throws OVERLOADED, NOT_READY, INVALID_TENSOR with the runtime's reason */
  async run(key: string, inputs: readonly TensorMetadata[], request: InferRequest): Promise<readonly Tensor[]> {
    const place = this.#leastBusy(key);
    const packed = pack(inputs, request.inputs);
    const transfer = packed.numbers.byteLength < TRANSFER_BYTES_MIN ? [] : [packed.numbers];
    try {
      const reply = await place.thread.send(
        { kind: 'run', model: key, inputs: packed, outputs: request.outputs },
        transfer,
      );
      place.deaths = 0;
      return reply.outputs ?? [];
    } catch (error) {
      if (error instanceof ThreadEnded) {
        throw new PlatformError(
          'NOT_READY',
          'The thread that ran the model ended before it answered; it is being replaced. Try again.',
          {
            cause: error,
            internal: error.message,
          },
        );
      }
      throw new PlatformError('INVALID_TENSOR', `The model refused the request: ${reason(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    await Promise.all(this.#places.map(({ thread }) => thread.close()));
  }

  /** A thread that is loading another model would answer late: it is the last choice. */
  #leastBusy(key: string): Place {
    let best: Place | undefined;
    for (const place of this.#places) {
      if (!place.held.has(key)) continue;
      if (!best || burden(place) < burden(best)) best = place;
    }
    if (!best) throw new PlatformError('NOT_READY', 'The model is being loaded; try again.');
    if (best.thread.busy >= this.#queue) {
      throw new PlatformError('OVERLOADED', 'Too many requests wait for the model; try again later.');
    }
    return best;
  }

  async #loadInto(place: Place, model: ModelFile): Promise<LoadReply> {
    const { key, path, options } = model;
    const { thread } = place;
    place.wanted.set(key, model);
    place.loading += 1;
    try {
      const { loaded } = await thread.send({ kind: 'load', model: key, path, options });
      if (!loaded) throw new Error('the model thread gave no answer');
      if (!place.wanted.has(key)) await thread.send({ kind: 'unload', model: key });
      else if (thread === place.thread) place.held.add(key);
      return loaded;
    } finally {
      place.loading -= 1;
    }
  }

  #open(): Place {
    const place: Place = {
      thread: this.#start(() => this.#replace(place)),
      wanted: new Map(),
      held: new Set(),
      loading: 0,
      deaths: 0,
    };
    return place;
  }

  #start(onEnd: () => void): ModelThread {
    return new ModelThread(this.#program, () => {
      if (!this.#closing) onEnd();
    });
  }

  /** At once the first time; a thread that keeps dying is given more and more time, so that it does not eat the machine. */
  #replace(place: Place): void {
    place.held.clear();
    const delay = place.deaths === 0 ? 0 : Math.min(RESTART_MILLISECONDS * 2 ** place.deaths, RESTART_MILLISECONDS_MAX);
    place.deaths += 1;
    this.#after(delay, () => {
      place.thread = this.#start(() => this.#replace(place));
      for (const model of place.wanted.values()) void this.#reload(place, model, RESTART_MILLISECONDS);
    });
  }

  async #reload(place: Place, model: ModelFile, delay: number): Promise<void> {
    if (!place.wanted.has(model.key)) return;
    try {
      await this.#loadInto(place, model);
    } catch (error) {
      if (error instanceof ThreadEnded) return;
      this.#after(delay, () => void this.#reload(place, model, Math.min(delay * 2, RESTART_MILLISECONDS_MAX)));
    }
  }

  #after(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closing) action();
    }, milliseconds);
    this.#timers.add(timer.unref());
  }
}

function burden({ thread, loading }: Place): number {
  return thread.busy + (loading > 0 ? Number.MAX_SAFE_INTEGER / 2 : 0);
}

/** The runtime's message without the path of this machine and without its source lines. */
function reason(error: unknown, path = ''): string {
  const { message } = error as Error;
  const shown = path === '' ? message : message.replaceAll(path, 'the file').replaceAll(dirname(path), 'its folder');
  return shown.replace(/\/[^\s:]*\/onnxruntime\/[^\s]*\s*/g, '').trim();
}
