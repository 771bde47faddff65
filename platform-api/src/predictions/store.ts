import { columnTypes, type Database, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

interface PredictionTables {
  /** What has been answered lately, a row for each flush of a process: lines of JSON, one for each prediction. */
  prediction_batches: {
    id: string;
    deployment: string;
    team: string;
    from_time: number;
    to_time: number;
    rows: number;
    bytes: number;
    lines: string;
  };
  /** Parquet files in the blob store. What is listed here is in no batch any more. */
  prediction_segments: {
    path: string;
    deployment: string;
    team: string;
    from_time: number;
    to_time: number;
    rows: number;
    bytes: number;
  };
  prediction_retention: { team: string; days: number };
  /**
   * Files of the blob store that nothing refers to: that are being written, or that others may still read. Only what
   * stands here is ever removed: of what it does not know, a database cannot say whose it is.
   */
  prediction_unused_files: { path: string; since: number };
}

export const predictionSchema: Readonly<Record<string, SchemaStep>> = {
  '0008_predictions': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    for (const [table, key] of [
      ['prediction_batches', 'id'],
      ['prediction_segments', 'path'],
    ] as const) {
      let create = db.schema
        .createTable(table)
        .addColumn(key, text, (c) => c.primaryKey().notNull())
        .addColumn('deployment', text, (c) => c.notNull())
        .addColumn('team', text, (c) => c.notNull())
        .addColumn('from_time', integer, (c) => c.notNull())
        .addColumn('to_time', integer, (c) => c.notNull())
        .addColumn('rows', integer, (c) => c.notNull())
        .addColumn('bytes', integer, (c) => c.notNull());
      if (table === 'prediction_batches') create = create.addColumn('lines', text, (c) => c.notNull());
      await create.execute();
      await db.schema.createIndex(`${table}_by_time`).on(table).columns(['deployment', 'to_time']).execute();
    }
    await db.schema
      .createTable('prediction_retention')
      .addColumn('team', text, (c) => c.primaryKey().notNull())
      .addColumn('days', integer, (c) => c.notNull())
      .execute();
  },
  '0016_prediction_unused_files': async (db, dialect) => {
    const types = columnTypes(dialect);
    await db.schema
      .createTable('prediction_unused_files')
      .addColumn('path', sql.raw(types.text) as never, (c) => c.primaryKey().notNull())
      .addColumn('since', sql.raw(types.integer) as never, (c) => c.notNull())
      .execute();
  },
};

/** A stretch of a deployment's log. Times are milliseconds since 1970, both inclusive. */
export interface Stretch {
  readonly deployment: string;
  readonly team: string;
  readonly from: number;
  readonly to: number;
  readonly rows: number;
  readonly bytes: number;
}

/** A batch that waits to be sealed. */
export interface Waiting extends Stretch {
  readonly id: string;
}

export interface Batch extends Waiting {
  readonly lines: string;
}

export interface Segment extends Stretch {
  readonly path: string;
}

/** Batches of a deployment that wait to be sealed. */
export interface Backlog {
  readonly deployment: string;
  readonly oldest: number;
  readonly bytes: number;
}

/** Batches that are named in one statement: databases take some 30,000 parameters. */
const BATCHES_MAX = 10_000;

export class PredictionStore {
  readonly #database: Database<PredictionTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<PredictionTables>();
  }

  async addBatch({ id, lines, ...stretch }: Batch): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('prediction_batches')
        .values({ id, lines, ...toColumns(stretch) })
        // Written once already, by a try of which nobody heard.
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute(),
    );
  }

  /**
   * What may hold something of the time, newest first: batches and segments of one moment, so that what is being sealed is
   * in one of them.
   */
  async stretches(
    deployment: string,
    since = 0,
    until = Number.MAX_SAFE_INTEGER,
  ): Promise<{ batches: Waiting[]; segments: Segment[] }> {
    const facts = ['deployment', 'team', 'from_time', 'to_time', 'rows', 'bytes'] as const;
    const rows = await this.#database.query
      .selectFrom('prediction_batches')
      .select(['id as name', sql<number>`0`.as('sealed'), ...facts])
      .where('deployment', '=', deployment)
      .where('to_time', '>=', since)
      .where('from_time', '<', until)
      .unionAll(
        this.#database.query
          .selectFrom('prediction_segments')
          .select(['path as name', sql<number>`1`.as('sealed'), ...facts])
          .where('deployment', '=', deployment)
          .where('to_time', '>=', since)
          .where('from_time', '<', until),
      )
      .orderBy('to_time', 'desc')
      .orderBy('name')
      .execute();
    const { 0: batches = [], 1: segments = [] } = Object.groupBy(rows, ({ sealed }) => sealed);
    return {
      batches: batches.map(({ name, sealed: _sealed, ...row }) => toStretch({ id: name, ...row })),
      segments: segments.map(({ name, sealed: _sealed, ...row }) => toStretch({ path: name, ...row })),
    };
  }

  /** The batches with their lines; what has been sealed meanwhile is in a segment, and missing here. */
  async withLines(batches: readonly Waiting[]): Promise<Batch[]> {
    const ids = batches.map(({ id }) => id);
    const rows = await this.#database.query
      .selectFrom('prediction_batches')
      .selectAll()
      .where('id', 'in', ids)
      .execute();
    return rows.map(toStretch);
  }

  async backlog(): Promise<Backlog[]> {
    const rows = await this.#database.query
      .selectFrom('prediction_batches')
      .select((eb) => ['deployment', eb.fn.min('from_time').as('oldest'), eb.fn.sum('bytes').as('bytes')])
      .groupBy('deployment')
      .execute();
    return rows.map(({ deployment, oldest, bytes }) => ({ deployment, oldest, bytes: Number(bytes) }));
  }

  /** The oldest batches of a deployment but for some, at least one, up to so many bytes, and to as many as a statement takes. */
  async oldestBatches(deployment: string, bytesMax: number, except: readonly string[] = []): Promise<Batch[]> {
    const all = await this.#database.query
      .selectFrom('prediction_batches')
      .select(['id', 'bytes'])
      .where('deployment', '=', deployment)
      .orderBy('from_time')
      .orderBy('id')
      .execute();
    const rows = all.filter(({ id }) => !except.includes(id));
    const ids: string[] = [];
    let bytes = 0;
    for (const row of rows) {
      bytes += row.bytes;
      if (ids.length > 0 && (bytes > bytesMax || ids.length >= BATCHES_MAX)) break;
      ids.push(row.id);
    }
    if (ids.length === 0) return [];
    const found = await this.#database.query
      .selectFrom('prediction_batches')
      .selectAll()
      .where('id', 'in', ids)
      .execute();
    return found.map(toStretch);
  }

  /** In a transaction: the segment takes the place of batches, and of other segments. */
  async replace(made: Segment | undefined, batches: readonly string[], segments: readonly string[]): Promise<void> {
    await this.#database.write(async (tx) => {
      if (batches.length > 0) await tx.deleteFrom('prediction_batches').where('id', 'in', batches).execute();
      if (segments.length > 0) await tx.deleteFrom('prediction_segments').where('path', 'in', segments).execute();
      await this.addUnused(segments);
      if (!made) return;
      const { path, ...stretch } = made;
      await this.removeUnused(path);
      await tx
        .insertInto('prediction_segments')
        .values({ path, ...toColumns(stretch) })
        .execute();
    });
  }

  async segments(): Promise<Segment[]> {
    const rows = await this.#database.query.selectFrom('prediction_segments').selectAll().orderBy('path').execute();
    return rows.map(toStretch);
  }

  /** In a transaction: forgets what is older, of a team. @returns the paths of the segments that are gone */
  async expire(team: string, before: number): Promise<{ paths: string[]; rows: number }> {
    return this.#database.write(async (tx) => {
      const batches = await tx
        .deleteFrom('prediction_batches')
        .where('team', '=', team)
        .where('to_time', '<', before)
        .returning('rows')
        .execute();
      const segments = await tx
        .deleteFrom('prediction_segments')
        .where('team', '=', team)
        .where('to_time', '<', before)
        .returning(['path', 'rows'])
        .execute();
      await this.addUnused(segments.map(({ path }) => path));
      const rows = [...batches, ...segments].reduce((sum, each) => sum + each.rows, 0);
      return { paths: segments.map(({ path }) => path), rows };
    });
  }

  /** Files that nothing refers to from now on, or not yet. */
  async addUnused(paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const since = Date.now();
    await this.#database.write((tx) =>
      tx
        .insertInto('prediction_unused_files')
        .values(paths.map((path) => ({ path, since })))
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }

  /** Those that have been so for long. */
  async unused(before: number): Promise<string[]> {
    const rows = await this.#database.query
      .selectFrom('prediction_unused_files')
      .select('path')
      .where('since', '<', before)
      .execute();
    return rows.map(({ path }) => path);
  }

  async removeUnused(path: string): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom('prediction_unused_files').where('path', '=', path).execute());
  }

  async hasBefore(team: string, before: number): Promise<boolean> {
    for (const table of ['prediction_batches', 'prediction_segments'] as const) {
      const found = await this.#database.query
        .selectFrom(table)
        .select('team')
        .where('team', '=', team)
        .where('to_time', '<', before)
        .limit(1)
        .executeTakeFirst();
      if (found) return true;
    }
    return false;
  }

  async teams(): Promise<string[]> {
    const rows = await this.#database.query
      .selectFrom('prediction_segments')
      .select('team')
      .union(this.#database.query.selectFrom('prediction_batches').select('team'))
      .execute();
    return rows.map(({ team }) => team);
  }

  /** Days that a team's predictions are kept; undefined: as the setting says. */
  async retention(team: string): Promise<number | undefined> {
    const row = await this.#database.query
      .selectFrom('prediction_retention')
      .select('days')
      .where('team', '=', team)
      .executeTakeFirst();
    return row?.days;
  }

  async setRetention(team: string, days: number): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('prediction_retention')
        .values({ team, days })
        .onConflict((conflict) => conflict.column('team').doUpdateSet({ days }))
        .execute(),
    );
  }
}

function toColumns({ from, to, ...rest }: Stretch) {
  return { ...rest, from_time: from, to_time: to };
}

function toStretch<T extends { from_time: number; to_time: number }>(row: T) {
  const { from_time: from, to_time: to, ...rest } = row;
  return { ...rest, from, to };
}
