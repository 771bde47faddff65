import { MessageChannel, type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import type { Answered } from './inside-thread.ts';

/** The thread ended, or was given up, before it answered. */
export class ThreadEnded extends Error {
  override readonly name = 'ThreadEnded';
}

export interface ThreadOptions {
  /** Shown by debuggers and profilers. */
  readonly name: string;
  /** What the thread's program reads as `threadData().data`. */
  readonly data?: unknown;
  readonly resourceLimits?: ResourceLimits;
  /** Called once, when the thread has ended for whatever reason. */
  readonly onEnd?: () => void;
}

/**
 * A thread that answers requests, seen from the one that asks. Its program answers with `answerRequests`, or speaks
 * `Asked` and `Answered` itself. An idle thread keeps no process alive; a caller that waits does.
 */
export class Thread<Request, Result> {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  #lastId = 0;
  /** Why nothing that is sent now would be answered. */
  #ended: Error | undefined;

  constructor(program: URL, { name, data, resourceLimits, onEnd }: ThreadOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(program, {
      name,
      workerData: { port: port2, data },
      transferList: [port2],
      ...(resourceLimits === undefined ? {} : { resourceLimits }),
    });
    this.#port.on('message', (answered: Answered<Result>) => this.#settle(answered));
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#worker.on('messageerror', (error: Error) => this.#end(error));
    this.#worker.on('exit', () => {
      this.#end(undefined);
      onEnd?.();
    });
    this.#port.unref();
    this.#worker.unref();
  }

  /** Requests that have no answer yet. */
  get busy(): number {
    return this.#waiting.size;
  }

  /** @throws ThreadEnded, or an Error with the message and the plain fields of what the thread threw */
  send(request: Request, transfer: ArrayBuffer[] = []): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#waiting.size === 0) this.#port.ref();
    const answer = Promise.withResolvers<Result>();
    this.#waiting.set(id, answer);
    this.#port.postMessage({ id, request }, transfer);
    return answer.promise;
  }

  /** Ends the thread when it has answered what it was asked. */
  async close(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.allSettled([...this.#waiting.values()].map(({ promise }) => promise));
    this.#port.close();
    await this.#worker.terminate();
  }

  /** Ends the thread at once, if it can be: whoever waits for it learns that it has ended. */
  stop(why: string): void {
    this.#end(new Error(why));
    this.#port.close();
    void this.#worker.terminate();
  }

  /**
   * Gives up a thread that does not come back, without touching it: inside of native code it cannot be stopped, and an
   * attempt would take the process along. Whoever waits for it learns that it has ended.
   */
  abandon(why: string): void {
    this.#end(new Error(why));
    this.#port.close();
  }

  #settle(answered: Answered<Result>): void {
    const waiting = this.#waiting.get(answered.id);
    this.#waiting.delete(answered.id);
    if (this.#waiting.size === 0) this.#port.unref();
    if ('error' in answered) waiting?.reject(Object.assign(new Error(answered.error.message), answered.error));
    else waiting?.resolve(answered.result);
  }

  #end(cause: Error | undefined): void {
    this.#ended ??= new ThreadEnded(`the thread has ended${cause ? `: ${cause.message}` : ''}`, { cause });
    const ended = this.#ended;
    for (const { reject } of this.#waiting.values()) reject(ended);
    this.#waiting.clear();
    this.#port.unref();
  }
}
