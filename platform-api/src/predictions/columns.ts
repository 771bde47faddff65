import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PlatformError } from '@mlops/errors';
import type { Prediction } from './prediction.ts';

// Predictions as columns: Parquet files and lines of JSON, read and written by DuckDB.

const DUCKDB = { threads: '1', memory_limit: '256MB' };
const VALUES_MAX = 1024 * 1024;
/** What a page may hold of inputs and outputs: so much is read and sent between two other requests. */
const PAGE_CHARACTERS_MAX = 1024 * 1024;
const COLUMNS =
  "{id: 'VARCHAR', request_id: 'VARCHAR', team: 'VARCHAR', deployment: 'VARCHAR', revision: 'INTEGER', model_version: 'VARCHAR', key: 'VARCHAR', inputs: 'VARCHAR', outputs: 'VARCHAR', features: 'VARCHAR', latency_ms: 'DOUBLE', status: 'INTEGER', error: 'VARCHAR', time: 'BIGINT'}";

/** How far a list has been read. */
export interface Position {
  readonly time: number;
  readonly id: string;
  /** How many of this time and id have been read. */
  readonly read: number;
}

export interface PredictionFilter {
  readonly id?: string;
  /** Any of these. */
  readonly ids?: readonly string[];
  readonly request_id?: string;
  readonly key?: string;
  readonly revision?: number;
  readonly status?: number;
  /** Milliseconds since 1970: `since` belongs to the answer, `until` no more. */
  readonly since?: number;
  readonly until?: number;
  /** Only what comes after so many predictions of this time and id in the list's order: clients may use an id again. */
  readonly after?: Position;
}

/** A prediction as the log holds it: what was asked and answered is text. */
export interface LoggedLine extends Omit<Prediction, 'inputs' | 'outputs' | 'features'> {
  readonly inputs: string;
  readonly outputs: string;
  /** null where no feature service was asked. */
  readonly features?: string | null;
}

/** What is read together: files of either form. */
export interface Sources {
  readonly parquet: readonly string[];
  /** Lines, as `toLines` writes them. */
  readonly lines: string;
}

/** The order of lists. */
const NEWEST = 'time desc, id desc, latency_ms desc';

export interface FileFacts {
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
}

export class PredictionColumns {
  readonly #scratch: string;
  #duckdb: Promise<DuckDBConnection> | undefined;

  /** @param scratch a folder for files that live for a moment */
  constructor(scratch: string) {
    this.#scratch = scratch;
  }

  /**
   * Newest first: at most as many as the limit, and fewer where they hold much.
   * @throws what DuckDB says of a file that cannot be read
   */
  read(sources: Sources, filter: PredictionFilter, limit: number): Promise<LoggedLine[]> {
    return this.#from(sources, async (table) => {
      const { where, values } = translate(filter);
      const { read = 0 } = filter.after ?? {};
      // What has been read already must not count: whoever puts the page together would not see that it was cut.
      const isRead = filter.after ? `time = $${values.length - 1} and id = $${values.length}` : 'false';
      const text = `select * exclude (place, held, so_far) from (
        select *, row_number() over newest as place, sum(held) over newest as so_far from (
          select *, case when ${isRead} then 0 else length(inputs) + length(outputs) + coalesce(length(features), 0) end as held
          from (${table}) ${where})
        window newest as (order by ${NEWEST} rows unbounded preceding)
        order by ${NEWEST} limit ${limit + read})
        where so_far - held <= ${PAGE_CHARACTERS_MAX} or place <= ${2 + read}
        order by ${NEWEST}`;
      const reader = await (await this.#connect()).runAndReadAll(text, values);
      return reader.getRowObjectsJson().map((row) => ({ ...row, time: Number(row.time) }) as unknown as LoggedLine);
    });
  }

  /** Those of the ids that are there. */
  known(sources: Sources, ids: readonly string[]): Promise<string[]> {
    return this.#from(sources, async (table) => {
      const { where, values } = translate({ ids });
      const reader = await (await this.#connect()).runAndReadAll(`select distinct id from (${table}) ${where}`, values);
      return reader.getRowObjectsJson().map(({ id }) => String(id));
    });
  }

  /** Writes all of the sources into one Parquet file, by time. */
  write(sources: Sources, target: string): Promise<FileFacts> {
    return this.#from(sources, async (table) => {
      const connection = await this.#connect();
      await connection.run(
        `copy (select * from (${table}) order by time) to ${quote(target)} (format parquet, compression zstd)`,
      );
      return this.facts(target);
    });
  }

  /** What a Parquet file holds. @throws what DuckDB says of one that cannot be read */
  async facts(path: string): Promise<FileFacts> {
    const query = `select count(*)::int as rows, min(time)::double as low, max(time)::double as high from read_parquet(${quote(path)})`;
    const [row] = (await (await this.#connect()).runAndReadAll(query)).getRowObjectsJson();
    const { rows = 0, low = 0, high = 0 } = (row ?? {}) as Record<string, number>;
    return { rows, from: low ?? 0, to: high ?? 0, bytes: (await stat(path)).size };
  }

  async close(): Promise<void> {
    (await this.#duckdb)?.closeSync();
  }

  async #from<T>({ parquet, lines }: Sources, use: (table: string) => Promise<T>): Promise<T> {
    const file = lines === '' ? undefined : join(this.#scratch, `${crypto.randomUUID()}.ndjson`);
    // Files of before features were logged have no such column.
    const tables = ['select null::varchar as features where false'];
    if (parquet.length > 0) {
      tables.push(`select * from read_parquet([${parquet.map(quote).join(', ')}], union_by_name = true)`);
    }
    if (file !== undefined) {
      await writeFile(file, lines);
      tables.push(`select * from read_json(${quote(file)}, format = 'newline_delimited', columns = ${COLUMNS})`);
    }
    try {
      return await use(tables.join(' union all by name '));
    } finally {
      if (file !== undefined) await rm(file, { force: true });
    }
  }

  /** DuckDB is loaded when the log is first read or sealed, not at start. */
  #connect(): Promise<DuckDBConnection> {
    this.#duckdb ??= DuckDBInstance.create(':memory:', {
      ...DUCKDB,
      temp_directory: join(this.#scratch, 'duckdb'),
    }).then((instance) => instance.connect());
    return this.#duckdb;
  }
}

/** Predictions as lines of JSON. */
export function toLines(predictions: readonly Prediction[]): string {
  return predictions.map(toLine).join('');
}

function toLine({ inputs, outputs, features, ...rest }: Prediction): string {
  const served = features === undefined ? {} : { features: toText(features) };
  return `${JSON.stringify({ ...rest, inputs: toText(inputs), outputs: toText(outputs), ...served }, wellFormed)}\n`;
}

/** Half of a surrogate pair, in a key or in a message about what was asked, would make all lines unreadable for DuckDB. */
function wellFormed(_field: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

/** Values of one prediction; what is larger than any row is (an image of megabytes) is left out, and says so. */
function toText(values: Prediction['inputs']): string {
  const text = JSON.stringify(values);
  return text.length <= VALUES_MAX ? text : JSON.stringify({ left_out: `${text.length} characters` });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const COMPARED = { id: 'id', request_id: 'request_id', key: 'key', revision: 'revision', status: 'status' } as const;

function translate(filter: PredictionFilter): { where: string; values: (string | number)[] } {
  const conditions: string[] = [];
  const values: (string | number)[] = [];
  const add = (condition: (place: string) => string, value: string | number) => {
    values.push(value);
    conditions.push(condition(`$${values.length}`));
  };
  for (const [name, column] of Object.entries(COMPARED)) {
    const value = filter[name as keyof typeof COMPARED];
    if (value !== undefined) add((place) => `${column} = ${place}`, value);
  }
  if (filter.ids) {
    const places = filter.ids.map((id) => `$${values.push(id)}`);
    conditions.push(`id in (${places.join(', ') || 'null'})`);
  }
  if (filter.since !== undefined) add((place) => `time >= ${place}`, filter.since);
  if (filter.until !== undefined) add((place) => `time < ${place}`, filter.until);
  if (filter.after) {
    values.push(filter.after.time, filter.after.id);
    conditions.push(`(time, id) <= ($${values.length - 1}, $${values.length})`);
  }
  return { where: conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`, values };
}

/** How many of the predictions make a page: up to the limit, and fewer where they hold much, but at least one. */
export function pageLength(lines: readonly LoggedLine[], limit: number): number {
  let characters = 0;
  const end = lines.findIndex(({ inputs, outputs, features }, i) => {
    characters += inputs.length + outputs.length + (features?.length ?? 0);
    return i >= limit || (i > 0 && characters > PAGE_CHARACTERS_MAX);
  });
  return end < 0 ? lines.length : end;
}

/** @throws INTERNAL */
export function toPrediction({ inputs, outputs, features, ...rest }: LoggedLine): Prediction {
  try {
    return {
      ...rest,
      inputs: JSON.parse(inputs) as Prediction['inputs'],
      outputs: JSON.parse(outputs) as Prediction['outputs'],
      ...(features ? { features: JSON.parse(features) as Prediction['outputs'] } : {}),
    };
  } catch (error) {
    throw new PlatformError('INTERNAL', 'The prediction log holds a line that cannot be read.', { cause: error });
  }
}
