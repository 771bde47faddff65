import { PlatformError } from '@mlops/errors';
import type { InferRequest, Tensor } from '../engine.ts';
import { ModelThread } from './model-thread.ts';
import type { LoadReply } from './protocol.ts';

const WAITING_MAX = 1000;

export interface ModelFile {
  /** Unique among everything that is loaded. */
  readonly key: string;
  readonly path: string;
  readonly intraOpThreads: number;
  /** How many threads hold a copy. */
  readonly copies: number;
}

/** Threads that hold models. A thread that dies is replaced, and gets back what it held. */
export class ModelPool {
  readonly #threads: ModelThread[];
  /** The models of each thread, by the thread's place. */
  readonly #held: Map<string, ModelFile>[];
  #closing = false;

  constructor(threads: number) {
    this.#held = Array.from({ length: threads }, () => new Map());
    this.#threads = this.#held.map((_, place) => this.#start(place));
  }

  /** @throws INVALID_MODEL with the runtime's reason; nothing stays loaded then */
  async load(model: ModelFile): Promise<LoadReply> {
    const places = this.#threads.slice(0, model.copies).keys();
    try {
      const replies = await Promise.all(Array.from(places, (place) => this.#loadInto(place, model)));
      const [first] = replies;
      if (!first) throw new Error('there is no model thread');
      return first;
    } catch (error) {
      await this.unload(model.key);
      throw new PlatformError('INVALID_MODEL', `ONNX Runtime cannot load the model: ${reason(error, model.path)}`, {
        cause: error,
      });
    }
  }

  async unload(key: string): Promise<void> {
    const places = [...this.#held.keys()].filter((place) => this.#held[place]?.delete(key));
    await Promise.all(
      places.map(async (place) => this.#threads[place]?.send({ kind: 'unload', model: key }).catch(() => {})),
    );
  }

  /** @throws OVERLOADED, INVALID_TENSOR with the runtime's reason */
  async run(key: string, { inputs, outputs }: InferRequest): Promise<readonly Tensor[]> {
    const thread = this.#leastBusy(key);
    try {
      const reply = await thread.send({ kind: 'run', model: key, inputs, outputs });
      return reply.outputs ?? [];
    } catch (error) {
      throw new PlatformError('INVALID_TENSOR', `The model refused the request: ${reason(error)}`, { cause: error });
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #leastBusy(key: string): ModelThread {
    let best: ModelThread | undefined;
    for (let place = 0; place < this.#threads.length; place++) {
      const thread = this.#threads[place];
      if (thread && this.#held[place]?.has(key) && (!best || thread.busy < best.busy)) best = thread;
    }
    if (!best) throw new PlatformError('NOT_READY', 'The model is being loaded; try again.');
    if (best.busy >= WAITING_MAX)
      throw new PlatformError('OVERLOADED', 'Too many requests wait for the model; try again later.');
    return best;
  }

  async #loadInto(place: number, model: ModelFile): Promise<LoadReply> {
    const { key, path, intraOpThreads } = model;
    const reply = await this.#threads[place]?.send({ kind: 'load', model: key, path, intraOpThreads });
    if (!reply?.loaded) throw new Error('the model thread gave no answer');
    this.#held[place]?.set(key, model);
    return reply.loaded;
  }

  #start(place: number): ModelThread {
    return new ModelThread(() => {
      if (this.#closing) return;
      const lost = [...(this.#held[place]?.values() ?? [])];
      this.#held[place]?.clear();
      this.#threads[place] = this.#start(place);
      for (const model of lost) void this.#loadInto(place, model).catch(() => {});
    });
  }
}

/** The runtime's message without the path of this machine and without its source lines. */
function reason(error: unknown, path = ''): string {
  const { message } = error as Error;
  return (path === '' ? message : message.replaceAll(path, 'the file'))
    .replace(/\/[^\s:]*\/onnxruntime\/[^\s]*\s*/g, '')
    .trim();
}
