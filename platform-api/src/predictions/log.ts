import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobStore } from '@mlops/blobs';
import { Turns } from '@mlops/concurrency';
import { PredictionColumns, type PredictionFilter, toLines } from './columns.ts';
import type { Prediction } from './prediction.ts';
import type { Batch, PredictionStore, Segment, Stretch } from './store.ts';

/** Segments that are read at once: a list is mostly answered by the newest few. */
const READ_AT_ONCE = 16;

export interface PredictionPage {
  readonly predictions: readonly Prediction[];
  /** Segments that could not be read: what they hold is missing. */
  readonly unreadable: readonly string[];
}

/** Where predictions are kept, seen by all processes alike. */
export interface PredictionLog {
  /** Answers when the predictions are durable. @throws STORAGE_FULL */
  append(deployment: string, predictions: readonly Prediction[]): Promise<void>;
  /** Newest first. */
  list(deployment: string, filter: PredictionFilter, limit: number): Promise<PredictionPage>;
  close(): Promise<void>;
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

  async append(deployment: string, predictions: readonly Prediction[]): Promise<void> {
    for (const [team, group] of Map.groupBy(predictions, (prediction) => prediction.team)) {
      const lines = toLines(group);
      const times = group.map(({ time }) => time);
      await this.#parts.store.addBatch({
        id: crypto.randomUUID(),
        deployment,
        team,
        from: Math.min(...times),
        to: Math.max(...times),
        rows: group.length,
        bytes: Buffer.byteLength(lines),
        lines,
      });
    }
  }

  async list(deployment: string, filter: PredictionFilter, limit: number): Promise<PredictionPage> {
    const until = filter.after === undefined ? filter.until : Math.min(filter.until ?? Infinity, filter.after.time + 1);
    const { batches, segments } = await this.#parts.store.stretches(deployment, filter.since, until);
    const unreadable: string[] = [];
    let found = batches.length === 0 ? [] : await this.#readBatches(batches, filter, limit, unreadable);
    for (let at = 0; at < segments.length; at += READ_AT_ONCE) {
      const oldest = found.at(-1);
      // What is left is older than all of a full page.
      if (found.length >= limit && oldest && (segments[at]?.to ?? 0) < oldest.time) break;
      const chunk = segments.slice(at, at + READ_AT_ONCE);
      const more = await this.#read(chunk, filter, limit, unreadable);
      found = onlyOnce([...found, ...more])
        .sort(newestFirst)
        .slice(0, limit);
    }
    return { predictions: found, unreadable };
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
    await rm(this.#copy(path), { force: true });
  }

  /** All objects below the log, also those that the database does not list. */
  async objects(): Promise<string[]> {
    const folders = await this.#parts.blobs.list('');
    const lists = await Promise.all(folders.map(({ path }) => this.#parts.blobs.list(path)));
    return lists.flat().map(({ path }) => path);
  }

  close(): Promise<void> {
    return this.#columns.close();
  }

  /** Lines that cannot be read must not hide the others. */
  async #readBatches(batches: readonly Batch[], filter: PredictionFilter, limit: number, unreadable: string[]) {
    const lines = batches.map((batch) => batch.lines).join('');
    try {
      return await this.#columns.read({ parquet: [], lines }, filter, limit);
    } catch (error) {
      if (batches.length > 1) {
        const found: Prediction[] = [];
        for (const batch of batches) found.push(...(await this.#readBatches([batch], filter, limit, unreadable)));
        return found.sort(newestFirst).slice(0, limit);
      }
      const name = `batch ${batches[0]?.id}`;
      unreadable.push(name);
      this.#parts.onUnreadable(name, error);
      return [];
    }
  }

  /** One file that cannot be read must not hide the others. */
  async #read(segments: readonly Segment[], filter: PredictionFilter, limit: number, unreadable: string[]) {
    try {
      const parquet = await Promise.all(segments.map(({ path }) => this.#local(path)));
      return await this.#columns.read({ parquet, lines: '' }, filter, limit);
    } catch (error) {
      if (segments.length > 1) {
        const found: Prediction[] = [];
        for (const segment of segments) found.push(...(await this.#read([segment], filter, limit, unreadable)));
        return found;
      }
      const path = segments[0]?.path ?? '';
      unreadable.push(path);
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

function onlyOnce(predictions: readonly Prediction[]): Prediction[] {
  return [...new Map(predictions.map((prediction) => [`${prediction.time} ${prediction.id}`, prediction])).values()];
}

function newestFirst(a: Prediction, b: Prediction): number {
  if (a.time !== b.time) return b.time - a.time;
  return a.id < b.id ? 1 : -1;
}
