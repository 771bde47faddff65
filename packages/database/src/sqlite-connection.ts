import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { databaseError } from './database-error.ts';
import type { Reply, Request, Statement, StatementResult, WorkerSetup } from './protocol.ts';

type Outgoing = Request extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

/** One SQLite connection in a thread of its own, seen from the main thread. */
export class SqliteConnection {
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (r: readonly StatementResult[]) => void; reject: (e: Error) => void }
  >();
  #lastId = 0;
  /** Why the thread has ended: what is sent to it then would never be answered. */
  #ended: Error | undefined;

  constructor(setup: WorkerSetup) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData: { ...setup, port: port2 },
      transferList: [port2],
      name: `sqlite-${setup.role}`,
    });
    this.#port.on('message', (reply: Reply) => this.#settle(reply));
    this.#worker.on('error', (error: Error) => this.#failAll(error));
    this.#worker.on('exit', () => this.#failAll(new Error('the database thread has ended')));
    this.#worker.on('messageerror', (error: Error) => this.#failAll(error));
    // An idle database keeps no process alive; a waiting caller does (see #send).
    this.#port.unref();
    this.#worker.unref();
  }

  /** Calls that have no answer yet. */
  get busy(): number {
    return this.#waiting.size;
  }

  run(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    return this.#send({ kind: 'run', statements });
  }

  async end(keep: boolean, more: boolean): Promise<void> {
    await this.#send({ kind: 'end', keep, more });
  }

  async close(): Promise<void> {
    await this.#send({ kind: 'close' });
    this.#port.close();
    await this.#worker.terminate();
  }

  #send(request: Outgoing): Promise<readonly StatementResult[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    if (this.#waiting.size === 0) this.#port.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#port.postMessage({ ...request, id });
    });
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#port.unref();
    if (reply.error) waiting?.reject(databaseError(reply.error.message, reply.error.errcode));
    else waiting?.resolve(reply.results ?? []);
  }

  #failAll(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
