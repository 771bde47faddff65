import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { PlatformError } from '@mlops/errors';

/** DuckDB's own limit; what does not fit goes to files of the folder. */
const MEMORY = '1GB';

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

  /** Runs statements on a connection of their own: temporary tables are gone with it. @throws INVALID_STATE with DuckDB's reason */
  async run<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = new Connection(await (await this.#open()).connect());
    try {
      return await use(connection);
    } finally {
      connection.close();
    }
  }

  async close(): Promise<void> {
    (await this.#instance)?.closeSync();
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

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  async execute(sql: string): Promise<void> {
    await explained(this.#connection.run(sql));
  }

  async columnsOf(relation: string): Promise<Column[]> {
    const reader = await explained(this.#connection.runAndReadAll(`describe select * from ${relation}`));
    return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
  }

  async row(sql: string): Promise<readonly DuckDBValue[]> {
    const reader = await explained(this.#connection.runAndReadAll(sql));
    return reader.getRows()[0] ?? [];
  }

  /** The result in parts of some thousand rows; no more of it is in memory. */
  async *batches(sql: string): AsyncGenerator<Batch> {
    const result = await explained(this.#connection.stream(sql));
    for (;;) {
      const chunk = await explained(result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      yield { columns: chunk.getColumns(), rows: chunk.rowCount };
    }
  }

  close(): void {
    this.#connection.closeSync();
  }
}

async function explained<T>(running: Promise<T>): Promise<T> {
  try {
    return await running;
  } catch (error) {
    const [first = ''] = (error as Error).message.split('\n');
    throw new PlatformError('INVALID_STATE', `The offline data cannot be read: ${first}`, { cause: error });
  }
}
