import { Thread } from '@mlops/concurrency';
import { databaseError } from './database-error.ts';
import type { ConnectionSetup, Request, Statement, StatementResult } from './protocol.ts';

const PROGRAM = new URL('./sqlite-worker.ts', import.meta.url);

/** One SQLite connection in a thread of its own, seen from the main thread. */
export class SqliteConnection {
  readonly #thread: Thread<Request, readonly StatementResult[]>;

  constructor(setup: ConnectionSetup) {
    this.#thread = new Thread(PROGRAM, { name: `sqlite-${setup.role}`, data: setup });
  }

  /** Calls that have no answer yet. */
  get busy(): number {
    return this.#thread.busy;
  }

  run(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    return this.#send({ kind: 'run', statements });
  }

  async end(keep: boolean, more: boolean): Promise<void> {
    await this.#send({ kind: 'end', keep, more });
  }

  async close(): Promise<void> {
    await this.#send({ kind: 'close' });
    await this.#thread.close();
  }

  async #send(request: Request): Promise<readonly StatementResult[]> {
    try {
      return await this.#thread.send(request);
    } catch (error) {
      // A thread that cannot open its file ends with what SQLite says.
      const { message, errcode } = ((error as Error).cause ?? error) as { message: string; errcode?: number };
      throw errcode === undefined ? error : databaseError(message, errcode);
    }
  }
}
