import { dirname } from 'node:path';
import { ThreadEnded } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import { stuckThreads } from '@mlops/service';
import type { InferRequest, Tensor, TensorMetadata } from '../engine.ts';
import { type ModelFile, notReady, Place, type PlaceOptions } from './place.ts';
import type { LoadReply } from './protocol.ts';

const PROGRAM = new URL('./worker.ts', import.meta.url);
const STUCK_MIN = 2;

export interface PoolOptions {
  readonly threads: number;
  /** Requests of one line that may wait for one thread. */
  readonly queue: number;
  readonly timeoutSeconds: number;
  /** What a thread runs. */
  readonly program?: URL;
}

/**
 * Threads that hold models. A thread that dies or does not come back is replaced, and its successor gets what it held.
 * One that does not come back cannot be stopped and burns a processor: when more than as many as there are threads (at
 * least two) do so, nothing is run any more.
 */
export class ModelPool {
  readonly #queue: number;
  readonly #places: readonly Place[];
  readonly #stuck = new Set<object>();
  readonly #stuckMax: number;

  constructor({ threads, queue, timeoutSeconds, program = PROGRAM }: PoolOptions) {
    this.#queue = queue;
    this.#stuckMax = Math.max(STUCK_MIN, threads);
    const options: PlaceOptions = {
      program,
      timeoutSeconds,
      mayStart: () => !this.isExhausted,
      onStuck: (thread) => {
        this.#stuck.add(thread);
        stuckThreads.add(thread);
      },
      onFreed: (thread) => {
        stuckThreads.delete(thread);
        if (this.#stuck.delete(thread)) for (const place of this.#places) place.revive();
      },
    };
    this.#places = Array.from({ length: threads }, () => new Place(options));
  }

  /** Whether so many threads are stuck that no model is run any more. */
  get isExhausted(): boolean {
    return this.#stuck.size > this.#stuckMax;
  }

  /**
   * Loads a model into threads, one after another: the others go on answering.
   * @throws INVALID_MODEL with the runtime's reason, TIMEOUT, NOT_READY; nothing stays loaded then
   */
  async load(model: ModelFile): Promise<LoadReply> {
    this.#refuseExhausted();
    const places = this.#places.toSorted((a, b) => a.size - b.size).slice(0, model.copies);
    let loaded: LoadReply | undefined;
    try {
      for (const place of places) loaded = await place.load(model);
      if (!loaded) throw new Error('there is no thread to hold it');
      return loaded;
    } catch (error) {
      await this.unload(model.key);
      if (error instanceof PlatformError) throw error;
      throw new PlatformError('INVALID_MODEL', `ONNX Runtime cannot load the model: ${reason(error, model.path)}`, {
        cause: error,
      });
    }
  }

  async unload(key: string): Promise<void> {
    await Promise.all(this.#places.map((place) => place.unload(key)));
  }

  /** Whether some thread can run the model now. */
  has(key: string): boolean {
    return !this.isExhausted && this.#places.some((place) => place.holds(key));
  }

  /**
   * @param line on whose behalf: lines have their turns, and each waits for itself
   * @throws OVERLOADED, NOT_READY, TIMEOUT, INVALID_TENSOR with the runtime's reason
   */
  async run(
    key: string,
    inputs: readonly TensorMetadata[],
    request: InferRequest,
    line: string,
  ): Promise<readonly Tensor[]> {
    this.#refuseExhausted();
    try {
      return await this.#leastBusy(key, line).run(key, inputs, request, line);
    } catch (error) {
      if (error instanceof PlatformError) throw error;
      if (error instanceof ThreadEnded) {
        const what = 'The thread that ran the model ended before it answered; it is being replaced. Try again.';
        throw new PlatformError('NOT_READY', what, { cause: error, internal: error.message });
      }
      throw new PlatformError('INVALID_TENSOR', `The model refused the request: ${reason(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#places.map((place) => place.close()));
  }

  /** A thread that is loading another model would answer late: it is the last choice. */
  #leastBusy(key: string, line: string): Place {
    let best: Place | undefined;
    for (const place of this.#places) {
      if (!place.holds(key)) continue;
      if (!best || burden(place) < burden(best)) best = place;
    }
    if (!best) throw notReady();
    if (best.waiting(line) >= this.#queue) {
      throw new PlatformError('OVERLOADED', 'Too many requests wait for the model; try again later.');
    }
    return best;
  }

  #refuseExhausted(): void {
    if (!this.isExhausted) return;
    throw new PlatformError('NOT_READY', `${this.#stuck.size} model threads do not come back; restart the server.`);
  }
}

function burden({ busy, isLoading }: Place): number {
  return busy + (isLoading ? Number.MAX_SAFE_INTEGER / 2 : 0);
}

/** The runtime's message without a path of this machine and without its source lines. */
function reason(error: unknown, path = ''): string {
  const { message } = error as Error;
  const own = path === '' ? message : message.replaceAll(path, 'the file').replaceAll(dirname(path), 'its folder');
  // The nodes of a model are often called like paths: what begins as the file's path does is one.
  const [root] = /^\/[^/]+/.exec(path) ?? [];
  const shown = root === undefined ? own : own.replace(new RegExp(`${RegExp.escape(root)}/[^\\s"'()]*`, 'g'), 'a path');
  return shown.replace(/\/[^\s:]*\/onnxruntime\/[^\s]*\s*/g, '').trim();
}
