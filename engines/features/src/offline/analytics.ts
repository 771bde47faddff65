import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';

/** DuckDB's own limit; what does not fit goes to files of the folder. */
const MEMORY = '1GB';
const QUESTIONS = 2;

export interface Column {
  readonly name: string;
  /** DuckDB's name of the type. */
  readonly type: string;
}

/** Rows of a result, by column. */
export interface Batch {
  readonly columns: readonly (readonly DuckDBValue[])[];
  readonly rows: number;
}

/** DuckDB over Parquet files. It reads nothing but what the definitions name, and loads nothing from elsewhere. */
export class Analytics {
  readonly #folder: string;
  readonly #lanes = new Turns();
  readonly #running = new Set<Promise<void>>();
  readonly #connections = new Set<Connection>();
  #asked = 0;
  #closed = false;
  #instance: Promise<DuckDBInstance> | undefined;

  /** @param folder for files that live for a moment: what an earlier process left there is removed */
  constructor(folder: string) {
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  /** A path for a file that its user deletes. */
  scratch(ending: string): string {
    return join(this.#folder, `${crypto.randomUUID()}.${ending}`);
  }

  /**
   * Runs statements on a connection of their own. DuckDB's calls wait in Node's few threads for files, so two questions
   * run at a time, and one copying that takes long.
   * @throws INVALID_STATE with DuckDB's reason
   */
  run<T>(use: (connection: Connection) => Promise<T>, what: 'question' | 'copying' = 'question'): Promise<T> {
    this.#asked += 1;
    const lane = what === 'question' ? `question ${this.#asked % QUESTIONS}` : what;
    const running = this.#lanes.take(lane, () => this.#withConnection(use));
    const settled = running.then(
      () => {},
      () => {},
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return running;
  }

  /** Stops what runs, and waits for it: native code that is closed beneath a running call takes the process along. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections) connection.interrupt();
    await Promise.all(this.#running);
    (await this.#instance)?.closeSync();
  }

  async #withConnection<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const instance = await this.#open();
    const connection = new Connection(await instance.connect(), () => this.#closed);
    this.#connections.add(connection);
    try {
      return await use(connection);
    } finally {
      this.#connections.delete(connection);
      connection.close();
    }
  }

  /** DuckDB is loaded when it is first needed. */
  #open(): Promise<DuckDBInstance> {
    this.#instance ??= DuckDBInstance.create(':memory:', {
      memory_limit: MEMORY,
      // One processor stays for those who are served.
      threads: String(Math.max(1, availableParallelism() - 1)),
      temp_directory: this.#folder,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    return this.#instance;
  }
}

export class Connection {
  readonly #connection: DuckDBConnection;
  readonly #isClosing: () => boolean;

  constructor(connection: DuckDBConnection, isClosing: () => boolean) {
    this.#connection = connection;
    this.#isClosing = isClosing;
  }

  async execute(sql: string): Promise<void> {
    await this.#explained(() => this.#connection.run(sql));
  }

  async columnsOf(relation: string): Promise<Column[]> {
    const reader = await this.#explained(() => this.#connection.runAndReadAll(`describe select * from ${relation}`));
    return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  async row(sql: string): Promise<readonly DuckDBValue[]> {
    const reader = await this.#explained(() => this.#connection.runAndReadAll(sql));
    return reader.getRows()[0] ?? [];
  }

  /** The result in parts of some thousand rows; no more of it is in memory. */
  async *batches(sql: string): AsyncGenerator<Batch> {
    const result = await this.#explained(() => this.#connection.stream(sql));
    for (;;) {
      const chunk = await this.#explained(() => result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      yield { columns: chunk.getColumns(), rows: chunk.rowCount };
    }
  }

  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.closeSync();
  }

  async #explained<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosing()) throw new PlatformError('NOT_READY', 'The server is ending.');
    try {
      return await call();
    } catch (error) {
      if (this.#isClosing()) throw new PlatformError('NOT_READY', 'The server is ending.', { cause: error });
      const [first = ''] = (error as Error).message.split('\n');
      throw new PlatformError('INVALID_STATE', `The offline data cannot be read: ${first}`, { cause: error });
    }
  }
}
