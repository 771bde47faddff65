import { Worker } from 'node:worker_threads';
import type { Reply, Request } from './protocol.ts';

type Outgoing = Request extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/** One model thread, seen from the main one. */
export class ModelThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  #lastId = 0;

  constructor(onEnd: () => void) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { name: 'model' });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) => this.#failAll(error));
    this.#worker.on('exit', () => {
      this.#failAll(new Error('the model thread has ended'));
      onEnd();
    });
    this.#worker.unref();
  }

  /** Requests that have no answer yet. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** @throws Error with the runtime's own message */
  send(request: Outgoing): Promise<Reply> {
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#waiting.size === 0) this.#worker.ref();
    const answer = Promise.withResolvers<Reply>();
    this.#waiting.set(id, answer);
    this.#worker.postMessage({ ...request, id });
    return answer.promise;
  }

  /** Ends the thread when it has answered what it was asked: stopped inside of the runtime it would take the process along. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (reply.error === undefined) waiting?.resolve(reply);
    else waiting?.reject(new Error(reply.error));
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
