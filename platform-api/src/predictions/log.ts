import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { PlatformError } from '@mlops/errors';
import type { Prediction } from './prediction.ts';

// The prediction log of a deployment is a folder: the newest predictions as lines of JSON in one open segment, all older
// ones in sealed Parquet files. Lines survive the process at once and cost an append; columns are what analysis reads.

const SEAL_BYTES = 4 * 1024 * 1024;
const SEAL_SECONDS = 300;
const DUCKDB = { threads: '1', memory_limit: '256MB' };
const COLUMNS =
  "{id: 'VARCHAR', request_id: 'VARCHAR', team: 'VARCHAR', deployment: 'VARCHAR', revision: 'INTEGER', model_version: 'VARCHAR', key: 'VARCHAR', inputs: 'VARCHAR', outputs: 'VARCHAR', latency_ms: 'DOUBLE', status: 'INTEGER', error: 'VARCHAR', time: 'BIGINT'}";

export interface PredictionFilter {
  readonly id?: string;
  readonly request_id?: string;
  readonly key?: string;
  readonly revision?: number;
  readonly status?: number;
  /** Milliseconds since 1970: `since` belongs to the answer, `until` no more. */
  readonly since?: number;
  readonly until?: number;
  /** Only what comes after this prediction in the list's order. */
  readonly after?: { readonly time: number; readonly id: string };
}

interface OpenSegment {
  readonly file: FileHandle;
  readonly path: string;
  readonly openedAt: number;
  bytes: number;
}

export class PredictionLog {
  readonly #root: string;
  readonly #open = new Map<string, OpenSegment>();
  /** Appending, sealing and reading of one deployment take turns, so that a reader never sees a segment twice or not at all. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #duckdb: Promise<DuckDBConnection> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  append(deployment: string, predictions: readonly Prediction[]): Promise<void> {
    return this.#inTurn(deployment, async () => {
      const segment = await this.#segment(deployment);
      const text = predictions.map(toLine).join('');
      await segment.file.write(text);
      segment.bytes += Buffer.byteLength(text);
      const isOld = Date.now() - segment.openedAt > SEAL_SECONDS * 1000;
      if (segment.bytes > SEAL_BYTES || isOld) await this.#seal(deployment);
    });
  }

  /** Newest first. @throws STORAGE_FULL and what reading can throw */
  list(deployment: string, filter: PredictionFilter, limit: number): Promise<Prediction[]> {
    return this.#inTurn(deployment, async () => {
      const { sealed, open: lines } = await this.#files(deployment);
      const sources = [
        ...(sealed.length === 0 ? [] : [`select * from read_parquet([${sealed.map(quote).join(', ')}])`]),
        ...(lines.length === 0 ? [] : [linesAsTable(lines)]),
      ];
      if (sources.length === 0) return [];
      const { conditions, values } = translate(filter);
      const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
      const text = `select * from (${sources.join(' union all ')}) ${where} order by time desc, id desc limit ${limit}`;
      const reader = await (await this.#connect()).runAndReadAll(text, values);
      return reader.getRowObjectsJson().map((row) => fromRow(row as Record<string, unknown>));
    });
  }

  /** Leaves columns behind, no open segments. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.keys()].map((name) => this.#inTurn(name, () => this.#seal(name))));
    (await this.#duckdb)?.closeSync();
  }

  async #segment(deployment: string): Promise<OpenSegment> {
    const known = this.#open.get(deployment);
    if (known) return known;
    const folder = this.#folder(deployment);
    await mkdir(folder, { recursive: true });
    const path = join(folder, `${segmentName()}.ndjson`);
    const segment = { file: await open(path, 'a'), path, openedAt: Date.now(), bytes: 0 };
    this.#open.set(deployment, segment);
    return segment;
  }

  /** Seals every segment of lines in the folder: also what a process that was killed has left. */
  async #seal(deployment: string): Promise<void> {
    await this.#open.get(deployment)?.file.close();
    this.#open.delete(deployment);
    const { open: lines } = await this.#files(deployment);
    for (const path of lines) {
      if ((await stat(path)).size > 0) {
        const target = path.replace(/\.ndjson$/, '.parquet');
        const copy = `copy (${linesAsTable([path])} order by time) to ${quote(`${target}.tmp`)} (format parquet, compression zstd)`;
        await (await this.#connect()).run(copy);
        await rename(`${target}.tmp`, target);
      }
      await rm(path);
    }
  }

  async #files(deployment: string): Promise<{ sealed: string[]; open: string[] }> {
    const folder = this.#folder(deployment);
    const names = (await readdir(folder).catch(noFolder)).sort();
    const ending = (end: string) => names.filter((name) => name.endsWith(end)).map((name) => join(folder, name));
    const sealed = ending('.parquet');
    // Killed between the rename and the removal: the lines are in the Parquet file already.
    const open = ending('.ndjson').filter((path) => !sealed.includes(path.replace(/\.ndjson$/, '.parquet')));
    return { sealed, open };
  }

  #folder(deployment: string): string {
    return join(this.#root, `deployment=${deployment}`);
  }

  /** DuckDB is loaded when the log is first read or sealed, not at start. */
  #connect(): Promise<DuckDBConnection> {
    this.#duckdb ??= DuckDBInstance.create(':memory:', DUCKDB).then((instance) => instance.connect());
    return this.#duckdb;
  }

  #inTurn<T>(deployment: string, body: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(deployment) ?? Promise.resolve();
    const mine = before.then(body, body);
    this.#turns.set(
      deployment,
      mine.catch(() => {}),
    );
    return mine;
  }
}

/** A deployment that was never asked has no folder; any other failure is one. */
function noFolder(error: unknown): string[] {
  if ((error as { code?: string }).code === 'ENOENT') return [];
  throw error;
}

function segmentName(): string {
  return `${new Date().toISOString().replace(/[:.]/g, '-')}-${crypto.randomUUID().slice(0, 8)}`;
}

function toLine({ inputs, outputs, ...rest }: Prediction): string {
  return `${JSON.stringify({ ...rest, inputs: JSON.stringify(inputs), outputs: JSON.stringify(outputs) })}\n`;
}

/** A last line that was cut off by a kill is left out. */
function linesAsTable(paths: readonly string[]): string {
  return `select * from read_json([${paths.map(quote).join(', ')}], format = 'newline_delimited', columns = ${COLUMNS}, ignore_errors = true)`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const COMPARED = { id: 'id', request_id: 'request_id', key: 'key', revision: 'revision', status: 'status' } as const;

function translate(filter: PredictionFilter): { conditions: string[]; values: (string | number)[] } {
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
  if (filter.since !== undefined) add((place) => `time >= ${place}`, filter.since);
  if (filter.until !== undefined) add((place) => `time < ${place}`, filter.until);
  if (filter.after) {
    values.push(filter.after.time, filter.after.id);
    conditions.push(`(time, id) < ($${values.length - 1}, $${values.length})`);
  }
  return { conditions, values };
}

function fromRow(row: Record<string, unknown>): Prediction {
  const { inputs, outputs, time, ...rest } = row;
  try {
    return {
      ...(rest as unknown as Prediction),
      inputs: JSON.parse(inputs as string) as Prediction['inputs'],
      outputs: JSON.parse(outputs as string) as Prediction['outputs'],
      time: Number(time),
    };
  } catch (error) {
    throw new PlatformError('INTERNAL', 'The prediction log holds a line that cannot be read.', { cause: error });
  }
}
