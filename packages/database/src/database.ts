import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FairGate } from '@mlops/concurrency';
import { type Compilable, Kysely, PostgresDialect, type QueryResult, type Transaction } from 'kysely';
import pg from 'pg';
import { runBatch } from './batch.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

export type DialectName = 'sqlite' | 'postgres';

/** PostgreSQL reports that two transactions met; the one that lost is repeated. */
const CONFLICTS = new Set(['40001', '40P01']);
const ATTEMPTS = 3;
const READERS = 2;
const CONNECTIONS_MAX = 10;
/** Connections of PostgreSQL that transactions leave to those who read. */
const FOR_READERS = 2;
const ENDED = 'the transaction has ended: something that it started was not awaited';

/** Who writes take turns by whom they write for: one who writes much does not keep the others waiting. */
export interface Fairness {
  /** For whom the caller writes. */
  readonly onBehalfOf?: () => string;
}

interface Opening extends Fairness {
  /** Whether its tables are brought up to date; else they must be. Default: true. */
  readonly migrate?: boolean;
}

const forNobody = () => '';

interface Ambient {
  readonly database: Database<never>;
  readonly tx: Kysely<never>;
  /** What still holds the transaction then would write into a stranger's. */
  ended: boolean;
  readonly whenCommitted: (() => void)[];
}

const ambient = new AsyncLocalStorage<Ambient>();

/**
 * One database, SQLite or PostgreSQL, as typed queries over `Tables`.
 *
 * A transaction is ambient: whatever runs inside of `write`, in whichever package, joins it. So the platform can commit
 * an engine's change together with its own audit entry, and the engine knows nothing of the platform.
 */
export class Database<Tables> {
  readonly dialect: DialectName;
  /** Whether who opens it brings its tables up to date; else they must be. */
  readonly migrates: boolean;
  readonly #kysely: Kysely<Tables>;
  readonly #enter: () => Promise<void>;
  readonly #leave: () => void;

  /**
   * @param turns where the dialect does not know any: how many transactions are open at once, and for whom
   * @param migrates whether who opens it brings its tables up to date
   */
  constructor(
    dialect: DialectName,
    kysely: Kysely<Tables>,
    migrates: boolean,
    turns?: { gate: FairGate; onBehalfOf: () => string },
  ) {
    this.dialect = dialect;
    this.migrates = migrates;
    this.#kysely = kysely;
    this.#enter = async () => turns?.gate.take(turns.onBehalfOf());
    this.#leave = () => turns?.gate.give();
  }

  /** The same database seen through another package's tables. */
  as<Other>(): Database<Other> {
    return this as unknown as Database<Other>;
  }

  /** For queries: the transaction that surrounds the caller, else a connection that reads what is committed. */
  get query(): Kysely<Tables> {
    return this.#transaction() ?? this.#kysely;
  }

  /**
   * Runs `body` in a transaction, or joins the one that surrounds the caller. Answers when the commit is durable.
   * `body` waits for nothing but this database, and may run again if PostgreSQL reports a conflict.
   */
  async write<T>(body: (tx: Kysely<Tables>) => Promise<T>): Promise<T> {
    const outer = this.#transaction();
    if (outer) return body(outer);
    await this.#enter();
    try {
      return await this.#attempt(body);
    } finally {
      this.#leave();
    }
  }

  async #attempt<T>(body: (tx: Kysely<Tables>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const whenCommitted: (() => void)[] = [];
      try {
        const result = await this.#kysely.transaction().execute((tx) => this.#within(tx, body, whenCommitted));
        for (const action of whenCommitted) action();
        return result;
      } catch (error) {
        const { code } = error as { code?: string };
        if (attempt === ATTEMPTS || code === undefined || !CONFLICTS.has(code)) throw error;
      }
    }
  }

  /**
   * Calls `action` when the surrounding transaction is durable; never, if it fails. Outside of one at once. It must not
   * throw.
   */
  onCommit(action: () => void): void {
    if (this.#transaction() === undefined) action();
    else ambient.getStore()?.whenCommitted.push(action);
  }

  /** Runs statements in order inside the surrounding transaction, in one step where the database is another thread. */
  batch(queries: readonly Compilable[]): Promise<QueryResult<unknown>[]> {
    const tx = this.#transaction();
    if (!tx) throw new Error('batch needs a surrounding transaction');
    return runBatch(tx as unknown as Kysely<never>, this.dialect === 'sqlite', queries);
  }

  close(): Promise<void> {
    return this.#kysely.destroy();
  }

  async #within<T>(
    tx: Transaction<Tables>,
    body: (tx: Kysely<Tables>) => Promise<T>,
    whenCommitted: (() => void)[],
  ): Promise<T> {
    const guarded = tx.withPlugin({
      transformQuery({ node }) {
        if (inside.ended) throw new Error(ENDED);
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    });
    const inside: Ambient = {
      database: this as never,
      tx: guarded as unknown as Kysely<never>,
      ended: false,
      whenCommitted,
    };
    try {
      return await ambient.run(inside, () => body(guarded));
    } finally {
      inside.ended = true;
    }
  }

  #transaction(): Kysely<Tables> | undefined {
    const inside = ambient.getStore();
    if (!inside || inside.database !== (this as unknown)) return undefined;
    if (inside.ended) throw new Error(ENDED);
    return inside.tx as unknown as Kysely<Tables>;
  }
}

/** SQLite in `folder` (created if missing): WAL, every commit flushed to the disk. */
export function openSqlite<Tables>(
  folder: string,
  { onBehalfOf = forNobody, migrate = true }: Opening = {},
): Database<Tables> {
  mkdirSync(folder, { recursive: true });
  const dialect = sqliteDialect(join(folder, 'mlops.db'), READERS, onBehalfOf);
  return new Database('sqlite', new Kysely<Tables>({ dialect }), migrate);
}

/** PostgreSQL by URL. Integers up to 2^53 arrive as numbers: larger ones are refused at the door. */
export function openPostgres<Tables>(
  url: string,
  { onBehalfOf = forNobody, migrate = true }: Opening = {},
): Database<Tables> {
  const INT8 = 20;
  const types = {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
  };
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS_MAX, types, connectionTimeoutMillis: 10_000 });
  // A broken connection fails its query and is replaced, idle or in the midst of a transaction; without listeners it
  // would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const gate = new FairGate(CONNECTIONS_MAX - FOR_READERS);
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  return new Database('postgres', kysely, migrate, { gate, onBehalfOf });
}

/** The database that the configuration names: a PostgreSQL URL, or SQLite in the data folder. */
export function openDatabase<Tables>(
  { data, database, migrate }: { data: string; database?: string | undefined; migrate?: boolean },
  fairness: Fairness = {},
): Database<Tables> {
  const opening = { ...fairness, ...(migrate !== undefined && { migrate }) };
  return database === undefined ? openSqlite(data, opening) : openPostgres(database, opening);
}
