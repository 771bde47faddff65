import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobStore } from '@mlops/blobs';
import { Turns } from '@mlops/concurrency';
import {
  type LoggedLine,
  PredictionColumns,
  type PredictionFilter,
  pageLength,
  type Sources,
  toLines,
  toPrediction,
} from './columns.ts';
import type { Prediction } from './prediction.ts';
import type { Batch, PredictionStore, Segment, Stretch, Waiting } from './store.ts';

/** Segments that are read at once: a list is mostly answered by the newest few. */
const READ_AT_ONCE = 16;
/** Lines of batches that are fetched at once: they pass through this process. */
const BYTES_READ_AT_ONCE = 4 * 1024 * 1024;
const CHARACTERS_OF_BATCH_MAX = 4 * 1024 * 1024;

export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  /** Whether older ones follow. */
  readonly hasMore: boolean;
  /** Segments that could not be read: what they hold is missing. */
  readonly unreadable: readonly string[];
}

/** Where predictions are kept, seen by all processes alike. */
export interface PredictionLog {
  /** Answers when the predictions are durable. @param id under which they are written once, however often it is tried @throws STORAGE_FULL */
  append(deployment: string, predictions: readonly Prediction[], id?: string): Promise<void>;
  /** Newest first: up to the limit, and fewer where they hold much. */
  list(deployment: string, filter: PredictionFilter, limit: number): Promise<PredictionPage>;
  /** Those of the ids that are in the log. */
  known(deployment: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

/** Sealing takes what has waited for minutes: it does not happen twice while a list is read. */
const ATTEMPTS_MAX = 5;

/** What is looked for in the pieces of a deployment's log, and what becomes of it. */
interface Search<T> {
  /** Milliseconds since 1970, of the predictions that are meant. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly read: (sources: Sources) => Promise<T[]>;
  readonly take: (found: readonly T[]) => void;
  /** Forgets what was taken. */
  readonly begin: () => void;
  /** Whether nothing of this piece, nor of what is older, is wanted any more. */
  readonly isEnough: (left: Stretch) => boolean;
  /** Takes the names of what could not be read. */
  readonly unreadable: string[];
}

export interface SharedLogParts {
  readonly store: PredictionStore;
  readonly blobs: BlobStore;
  /** A folder of this process for copies of segments, and for files of a moment. */
  readonly folder: string;
  readonly onUnreadable: (path: string, error: unknown) => void;
}

/**
 * The newest predictions stand in the metadata database, a row for each flush; older ones in Parquet files of the blob
 * store, which the database lists. One transaction moves what is sealed from the one to the other, so that a reader finds
 * each prediction once; and no process has anything that others do not see.
 */
export class SharedPredictionLog implements PredictionLog {
  readonly #parts: SharedLogParts;
  readonly #columns: PredictionColumns;
  readonly #turns = new Turns();

  constructor(parts: SharedLogParts) {
    this.#parts = parts;
    rmSync(parts.folder, { recursive: true, force: true });
    mkdirSync(parts.folder, { recursive: true });
    this.#columns = new PredictionColumns(parts.folder);
  }

  async append(
    deployment: string,
    predictions: readonly Prediction[],
    id: string = crypto.randomUUID(),
  ): Promise<void> {
    let piece = 0;
    for (const [team, group] of Map.groupBy(predictions, (prediction) => prediction.team))
      for (const { lines, times } of piecesOf(group))
        await this.#parts.store.addBatch({
          id: `${id}-${piece++}`,
          deployment,
          team,
          from: Math.min(...times),
          to: Math.max(...times),
          rows: times.length,
          bytes: Buffer.byteLength(lines),
          lines,
        });
  }

  async list(deployment: string, filter: PredictionFilter, limit: number): Promise<PredictionPage> {
    const until = filter.after === undefined ? filter.until : Math.min(filter.until ?? Infinity, filter.after.time + 1);
    const unreadable: string[] = [];
    const { after } = filter;
    const isReadAlready = (line: LoggedLine) => line.time === after?.time && line.id === after.id;
    /** Of the time and id that the page before has ended with. */
    const sameAsLast: LoggedLine[] = [];
    /** A page and one prediction more, if there is one. */
    let found: LoggedLine[] = [];
    await this.#search<LoggedLine>(deployment, {
      since: filter.since,
      until,
      unreadable,
      read: (sources) => this.#columns.read(sources, filter, limit + 1),
      begin: () => {
        found = [];
        sameAsLast.length = 0;
        unreadable.length = 0;
      },
      take: (more) => {
        sameAsLast.push(...more.filter(isReadAlready));
        found = firstOf([...found, ...more.filter((line) => !isReadAlready(line))], limit);
      },
      // What is left is older than all of a full page.
      isEnough: (left) => found.length > pageLength(found, limit) && left.to < (found.at(-1)?.time ?? 0),
    });
    const lines = [...sameAsLast.sort(newestFirst).slice(after?.read ?? 0), ...found];
    const length = pageLength(lines, limit);
    return { predictions: lines.slice(0, length).map(toPrediction), hasMore: lines.length > length, unreadable };
  }

  async known(deployment: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    await this.#search<string>(deployment, {
      unreadable: [],
      read: (sources) => this.#columns.known(sources, ids),
      begin: () => {},
      take: (more) => {
        for (const id of more) found.add(id);
      },
      isEnough: () => found.size === ids.length,
    });
    return found;
  }

  /**
   * Reads what is there piece by piece, newest first. What is sealed while it reads stands in no batch any more, and in a
   * segment that was not listed: then all is read anew.
   */
  async #search<T>(deployment: string, search: Search<T>): Promise<void> {
    const { store } = this.#parts;
    const { since, until, take, isEnough, begin } = search;
    for (let attempt = 1; ; attempt++) {
      begin();
      const { batches, segments } = await store.stretches(deployment, since, until);
      let isWhole = true;
      for (const group of groupsOf(batches, BYTES_READ_AT_ONCE)) {
        if (isEnough(group[0] as Waiting)) break;
        const withLines = await store.withLines(group);
        isWhole = withLines.length === group.length;
        if (!isWhole && attempt < ATTEMPTS_MAX) break;
        take(await this.#readBatches(withLines, search));
      }
      if (!isWhole && attempt < ATTEMPTS_MAX) continue;
      return this.#readAll(segments, search);
    }
  }

  async #readAll<T>(segments: readonly Segment[], search: Search<T>): Promise<void> {
    const { take, isEnough } = search;
    for (let at = 0; at < segments.length; at += READ_AT_ONCE) {
      if (isEnough(segments[at] as Segment)) break;
      take(await this.#readSegments(segments.slice(at, at + READ_AT_ONCE), search));
    }
  }

  /** Makes one segment of lines, of segments, or of Parquet files elsewhere. The bytes are there before the database says so. */
  async merge(
    stretch: Pick<Stretch, 'deployment' | 'team'>,
    from: { readonly lines: string; readonly segments?: readonly Segment[]; readonly files?: readonly string[] },
    commit: (made: Segment) => Promise<void>,
  ): Promise<Segment> {
    const file = join(this.#parts.folder, `${crypto.randomUUID()}.parquet`);
    try {
      const copies = await Promise.all((from.segments ?? []).map((segment) => this.#local(segment.path)));
      const parquet = [...copies, ...(from.files ?? [])];
      const facts = await this.#columns.write({ parquet, lines: from.lines }, file);
      const path = segmentPath(stretch.deployment, facts.from);
      // A process that ends now leaves a file of which the next one knows.
      await this.#parts.store.addUnused([path]);
      await this.#parts.blobs.put(path, createReadStream(file));
      const made = { path, ...stretch, ...facts };
      await commit(made);
      return made;
    } finally {
      await rm(file, { force: true });
    }
  }

  /** Whether lines can be read as predictions. */
  async reads(lines: string): Promise<boolean> {
    return this.#columns.read({ parquet: [], lines }, {}, 1).then(
      () => true,
      () => false,
    );
  }

  async forget(path: string): Promise<void> {
    await this.#parts.blobs.delete(path);
    await this.#parts.store.removeUnused(path);
    await rm(this.#copy(path), { force: true });
  }

  close(): Promise<void> {
    return this.#columns.close();
  }

  /** Lines that cannot be read must not hide the others. */
  async #readBatches<T>(batches: readonly Batch[], search: Search<T>): Promise<T[]> {
    if (batches.length === 0) return [];
    try {
      return await search.read({ parquet: [], lines: batches.map((batch) => batch.lines).join('') });
    } catch (error) {
      if (batches.length > 1) {
        const found: T[] = [];
        for (const batch of batches) found.push(...(await this.#readBatches([batch], search)));
        return found;
      }
      const name = `batch ${batches[0]?.id}`;
      search.unreadable.push(name);
      this.#parts.onUnreadable(name, error);
      return [];
    }
  }

  /** One file that cannot be read must not hide the others. */
  async #readSegments<T>(segments: readonly Segment[], search: Search<T>): Promise<T[]> {
    try {
      const parquet = await Promise.all(segments.map(({ path }) => this.#local(path)));
      return await search.read({ parquet, lines: '' });
    } catch (error) {
      if (segments.length > 1) {
        const found: T[] = [];
        for (const segment of segments) found.push(...(await this.#readSegments([segment], search)));
        return found;
      }
      const path = segments[0]?.path ?? '';
      search.unreadable.push(path);
      this.#parts.onUnreadable(path, error);
      await rm(this.#copy(path), { force: true });
      return [];
    }
  }

  /** A file with the segment's bytes: the store's own, or a copy. Segments never change. */
  async #local(path: string): Promise<string> {
    const own = this.#parts.blobs.fileOf?.(path);
    if (own !== undefined) return own;
    const copy = this.#copy(path);
    await this.#turns.take(path, async () => {
      if (existsSync(copy)) return;
      const { stream } = await this.#parts.blobs.open(path);
      await pipeline(stream, createWriteStream(`${copy}.part`));
      await rename(`${copy}.part`, copy);
    });
    return copy;
  }

  #copy(path: string): string {
    return join(this.#parts.folder, path.replaceAll('/', '~'));
  }
}

/** By the time of its first prediction, so that a listing of the store is in order; then by when it was written. */
function segmentPath(deployment: string, from: number): string {
  const [first, written] = [from, Date.now()].map((time) => new Date(time).toISOString().replace(/[:.]/g, '-'));
  return `deployment=${deployment}/${first}-written-${written}-${crypto.randomUUID().slice(0, 8)}.parquet`;
}

/** The newest of what was found: a page of them, and one more if there is one. */
function firstOf(found: readonly LoggedLine[], limit: number): LoggedLine[] {
  const sorted = found.toSorted(newestFirst);
  return sorted.slice(0, pageLength(sorted, limit) + 1);
}

function newestFirst(a: LoggedLine, b: LoggedLine): number {
  if (a.time !== b.time) return b.time - a.time;
  if (a.id !== b.id) return a.id < b.id ? 1 : -1;
  return b.latency_ms - a.latency_ms;
}

/** Predictions as lines, in pieces that can be read and sealed whole: one request may hold more. */
function piecesOf(predictions: readonly Prediction[]): { lines: string; times: number[] }[] {
  const pieces: { lines: string; times: number[] }[] = [];
  let piece = { lines: '', times: [] as number[] };
  for (const prediction of predictions) {
    const line = toLines([prediction]);
    if (pieces.length === 0 || piece.lines.length + line.length > CHARACTERS_OF_BATCH_MAX) {
      piece = { lines: '', times: [] };
      pieces.push(piece);
    }
    piece.lines += line;
    piece.times.push(prediction.time);
  }
  return pieces;
}

/** Neighbours together, up to so many bytes, at least one. */
function groupsOf(batches: readonly Waiting[], bytesMax: number): Waiting[][] {
  const groups: Waiting[][] = [];
  let bytes = 0;
  for (const batch of batches) {
    bytes += batch.bytes;
    if (bytes > bytesMax || groups.length === 0) {
      groups.push([]);
      bytes = batch.bytes;
    }
    groups.at(-1)?.push(batch);
  }
  return groups;
}
