import { Worker } from 'node:worker_threads';
import type { Reply, Request } from './protocol.ts';

type Outgoing = Request extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/** The thread ended before it answered. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';
}

/** One model thread, seen from the main one. */
export class ModelThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<Reply>>();
  #lastId = 0;
  #isOver = false;

  constructor(program: URL, onEnd: () => void) {
    this.#worker = new Worker(program, { name: 'model' });
    this.#worker.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#worker.on('exit', () => {
      this.#end(undefined);
      onEnd();
    });
    this.#worker.unref();
  }

  /** Requests that have no answer yet. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** @throws ThreadEnded, or Error with the runtime's own message */
  send(request: Outgoing, transfer: readonly ArrayBuffer[] = []): Promise<Reply> {
    if (this.#isOver) return Promise.reject(new ThreadEnded('the model thread has ended'));
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#waiting.size === 0) this.#worker.ref();
    const answer = Promise.withResolvers<Reply>();
    this.#waiting.set(id, answer);
    this.#worker.postMessage({ ...request, id }, transfer);
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

  #end(cause: Error | undefined): void {
    this.#isOver = true;
    const error = new ThreadEnded(`the model thread has ended${cause ? `: ${cause.message}` : ''}`, { cause });
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
