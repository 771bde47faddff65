import { FairGate } from '@mlops/concurrency';
import type { CompiledQuery } from 'kysely';
import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { batchOf } from './batch.ts';
import type { SqlValue, Statement, StatementResult } from './protocol.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** Kysely on node:sqlite in worker threads: one writer, `readers` readers. @param onBehalfOf see `Fairness` */
export function sqliteDialect(path: string, readers: number, onBehalfOf: () => string): Dialect {
  return {
    createAdapter: () => new ThreadedAdapter(),
    createDriver: () => new ThreadedDriver(path, readers, onBehalfOf),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Kysely would otherwise lend SQLite's connection to one query at a time, readers included. */
class ThreadedAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class ThreadedDriver implements Driver {
  readonly #path: string;
  readonly #readerCount: number;
  #writer: SqliteConnection | undefined;
  #readers: SqliteConnection[] = [];
  /** Who may write: one at a time. */
  readonly #turn = new FairGate(1);
  readonly #onBehalfOf: () => string;

  constructor(path: string, readerCount: number, onBehalfOf: () => string) {
    this.#path = path;
    this.#onBehalfOf = onBehalfOf;
    this.#readerCount = readerCount;
  }

  async init(): Promise<void> {
    this.#writer = new SqliteConnection({ path: this.#path, role: 'writer' });
    // The file must exist before a read-only connection can open it.
    await this.#writer.run([{ sql: 'SELECT 1', parameters: [] }]);
    await this.#writer.end(true, false);
    this.#readers = Array.from(
      { length: this.#readerCount },
      () => new SqliteConnection({ path: this.#path, role: 'reader' }),
    );
  }

  async acquireConnection(): Promise<ThreadedConnection> {
    if (!this.#writer) throw new Error('the database is not open');
    const reader = this.#readers.reduce((least, each) => (each.busy < least.busy ? each : least));
    return new ThreadedConnection(this.#writer, reader, this.#turn, this.#onBehalfOf);
  }

  beginTransaction(connection: ThreadedConnection): Promise<void> {
    return connection.begin();
  }

  commitTransaction(connection: ThreadedConnection): Promise<void> {
    return connection.end(true);
  }

  /** Kysely also rolls back after a commit that failed: the turn is given away by then, and the transaction open now a stranger's. */
  async rollbackTransaction(connection: ThreadedConnection): Promise<void> {
    if (connection.inTransaction) await connection.end(false);
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.close()));
    await this.#writer?.close();
  }
}

class ThreadedConnection implements DatabaseConnection {
  readonly #writer: SqliteConnection;
  readonly #reader: SqliteConnection;
  readonly #turn: FairGate;
  readonly #onBehalfOf: () => string;
  #inTransaction = false;

  constructor(writer: SqliteConnection, reader: SqliteConnection, turn: FairGate, onBehalfOf: () => string) {
    this.#onBehalfOf = onBehalfOf;
    this.#writer = writer;
    this.#reader = reader;
    this.#turn = turn;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  async begin(): Promise<void> {
    await this.#turn.take(this.#onBehalfOf());
    this.#inTransaction = true;
  }

  /** Answers when the commit is durable; the next transaction begins before that. */
  end(keep: boolean): Promise<void> {
    this.#inTransaction = false;
    const done = this.#writer.end(keep, this.#turn.waiting > 0);
    this.#turn.give();
    return done;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const batch = batchOf(query);
    if (batch) {
      const results = await this.#run(batch.map(toStatement), false);
      return { rows: results.map((result) => toQueryResult(result)) as R[] };
    }
    const [result] = await this.#run([toStatement(query)], onlyReads(query));
    return toQueryResult<R>(result);
  }

  async #run(statements: readonly Statement[], reads: boolean): Promise<readonly StatementResult[]> {
    if (this.#inTransaction) return this.#writer.run(statements);
    if (reads) return this.#reader.run(statements);
    await this.begin();
    try {
      const results = await this.#writer.run(statements);
      await this.end(true);
      return results;
    } catch (error) {
      if (this.#inTransaction) await this.end(false);
      throw error;
    }
  }

  streamQuery(): AsyncIterableIterator<never> {
    throw new Error('streaming is not supported; read in pages');
  }
}

/** Selects, also those written as SQL text. */
function onlyReads(query: CompiledQuery): boolean {
  if (query.query.kind === 'SelectQueryNode') return true;
  return query.query.kind === 'RawNode' && /^\s*(select|with)\b/i.test(query.sql);
}

function toStatement(query: CompiledQuery): Statement {
  return { sql: query.sql, parameters: query.parameters.map(toSqlValue) };
}

function toSqlValue(value: unknown): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value === undefined) return null;
  return value as SqlValue;
}

function toQueryResult<R>(result: StatementResult | undefined): QueryResult<R> {
  if (!result) return { rows: [] };
  const { columns } = result;
  const rows = result.rows.map((values) => {
    const row: Record<string, SqlValue> = {};
    for (let i = 0; i < columns.length; i++) row[columns[i] as string] = values[i] as SqlValue;
    return row as R;
  });
  return { rows, numAffectedRows: BigInt(result.changes) };
}
