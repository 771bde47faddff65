import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import type { FeatureView, Project } from '../model.ts';
import type { Analytics, Batch, Connection } from '../offline/analytics.ts';
import { fileSourceOf, nanoseconds, openView, type ReadableView, typed } from '../offline/file-source.ts';
import { featureValueOf } from '../offline/values.ts';
import type { OnlineStore, WrittenRow } from '../online/store.ts';
import { invalid, noSuchView } from '../refusals.ts';
import { encodeValue } from '../values/encode.ts';
import { type KeyValue, serializeEntityKey } from '../values/entity-key.ts';
import { instantOfNanoseconds } from '../values/instant.ts';
import { isFinished, type MaterialisationStore } from './store.ts';

/** Rows of the source that are looked through between two notes of progress. */
const ROWS_IN_STEP = 250_000;
/** How far back a first incremental run goes for views whose values never grow old: Feast's year. */
const YEAR_SECONDS = 365 * 86_400;

/** A stretch of time, in milliseconds since 1970, both ends included. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

export interface Materialised {
  readonly view: string;
  /** Rows that were newer than what the online store had. */
  readonly rows: number;
}

/**
 * Copies the newest row of each key from a view's history into the online store, in steps by event time. A run that was
 * stopped goes on where it was when the same is asked again; doing it twice changes nothing.
 */
export class Materialiser {
  readonly #analytics: Analytics;
  readonly #online: OnlineStore;
  readonly #store: MaterialisationStore;
  readonly #turns = new Turns();
  readonly #running = new Set<string>();

  constructor(analytics: Analytics, online: OnlineStore, store: MaterialisationStore) {
    this.#analytics = analytics;
    this.#online = online;
    this.#store = store;
  }

  /** Views that are materialised at this moment. */
  get running(): readonly string[] {
    return [...this.#running];
  }

  /**
   * The views that are meant: all online ones that have a history to read, or those that are named.
   * @throws NOT_FOUND; INVALID_PARAMETER, INVALID_STATE for a named one that cannot be materialised
   */
  viewsOf(project: Project, names: readonly string[] | undefined): FeatureView[] {
    if (names === undefined) {
      return [...project.views.values()].filter(({ online, batchSource }) => online && batchSource?.kind === 'file');
    }
    return names.map((name) => {
      const view = project.views.get(name);
      if (view === undefined) throw noSuchView(name, project.name);
      if (!view.online) throw invalid('feature_views', `'${name}' is not kept online.`);
      fileSourceOf(view);
      return view;
    });
  }

  /** @throws as the sources and the online store do; what was done until then is noted */
  async materialize(project: Project, views: readonly FeatureView[], stretch: Stretch): Promise<Materialised[]> {
    if (stretch.start > stretch.end) throw invalid('start_ts', 'is later than end_ts.');
    const done: Materialised[] = [];
    for (const view of views) done.push(await this.#inTurn(view, () => this.#run(project.name, view, stretch)));
    return done;
  }

  /** From where the last run ended; the first time as far back as the view's TTL goes. */
  async materializeIncremental(project: Project, views: readonly FeatureView[], end: number): Promise<Materialised[]> {
    const done: Materialised[] = [];
    for (const view of views) {
      done.push(
        await this.#inTurn(view, async () => {
          const start = await this.#nextStart(project.name, view);
          return start > end ? { view: view.name, rows: 0 } : this.#run(project.name, view, { start, end });
        }),
      );
    }
    return done;
  }

  /** Two runs of one view do not meet. */
  #inTurn<T>(view: FeatureView, run: () => Promise<T>): Promise<T> {
    return this.#turns.take(view.name, async () => {
      this.#running.add(view.name);
      try {
        return await run();
      } finally {
        this.#running.delete(view.name);
      }
    });
  }

  async #nextStart(project: string, view: FeatureView): Promise<number> {
    const intervals = await this.#store.intervals(project, view.name);
    const stopped = intervals.find((interval) => !isFinished(interval));
    if (stopped !== undefined) return stopped.start;
    const ends = [...intervals.map(({ doneUntil }) => doneUntil), view.materializedUntil ?? Number.NEGATIVE_INFINITY];
    const last = Math.max(...ends);
    return Number.isFinite(last) ? last : Date.now() - (view.ttlSeconds || YEAR_SECONDS) * 1000;
  }

  async #run(project: string, view: FeatureView, { start, end }: Stretch): Promise<Materialised> {
    const before = (await this.#store.intervals(project, view.name)).find((interval) => interval.start === start);
    // Where an earlier run with this start was stopped, what it did is done.
    const isResumed = before !== undefined && !isFinished(before);
    let from = isResumed ? before.doneUntil : undefined;
    let rows = isResumed ? before.rows : 0;
    await this.#analytics.run(async (connection) => {
      const readable = await openView(connection, view);
      for (const until of await stepsOf(connection, readable, { start: from ?? start, end })) {
        // The first step has its beginning in it, the others begin after the end of the one before.
        const condition = from === undefined ? `event >= ${nanos(start)}` : `event > ${nanos(from)}`;
        rows += await this.#step(connection, project, readable, `${condition} and event <= ${nanos(until)}`);
        from = until;
        await this.#store.progress(project, view.name, { start, doneUntil: until, end, rows });
      }
    }, 'copying');
    await this.#store.join(project, view.name);
    return { view: view.name, rows };
  }

  async #step(connection: Connection, project: string, readable: ReadableView, condition: string): Promise<number> {
    const { view } = readable;
    const features = { view: view.name, features: view.features.map(({ name }) => name) };
    let written = 0;
    // While the store writes a part, the next one is made ready.
    let writing = Promise.resolve(0);
    for await (const batch of connection.batches(newestSql(readable, condition))) {
      const rows = rowsOf(view, batch);
      written += await writing;
      writing = this.#online.write(project, features, rows);
      // Whether it fails is seen when it is waited for.
      writing.catch(() => {});
    }
    return written + (await writing);
  }
}

function nanos(milliseconds: number): string {
  return (BigInt(Math.floor(milliseconds)) * 1_000_000n).toString();
}

/** The ends of steps with about equally many rows. */
async function stepsOf(connection: Connection, readable: ReadableView, { start, end }: Stretch): Promise<number[]> {
  const event = nanoseconds(readable.column(readable.source.timestampField));
  const where = `from ${readable.relation} where ${event} between ${nanos(start)} and ${nanos(end)}`;
  const [count] = await connection.row(`select count(*) ${where}`);
  const steps = Math.ceil(Number(count) / ROWS_IN_STEP);
  if (steps <= 1) return [end];
  const shares = Array.from({ length: steps - 1 }, (_, i) => (i + 1) / steps);
  const [found] = await connection.row(`select to_json(approx_quantile(${event}, [${shares.join(', ')}])) ${where}`);
  const ends = (JSON.parse(String(found)) as number[]).map((each) => Math.floor(each / 1e6));
  return [...new Set([...ends.filter((each) => each > start && each < end), end])].sort((a, b) => a - b);
}

/** The newest row of each key: the latest event, of those the latest time of making. Rows without a key are nobody's. */
function newestSql({ view, source, relation, column }: ReadableView, condition: string): string {
  const keys = view.entities.length === 0 ? [] : view.joinKeys.map(({ name, type }) => typed(column(name), type));
  const created =
    source.createdTimestampColumn === undefined ? 'null' : nanoseconds(column(source.createdTimestampColumn));
  const selected = [
    ...keys.map((key, i) => `${key} as k${i}`),
    `${nanoseconds(column(source.timestampField))} as event`,
    `${created} as created`,
    ...view.features.map(({ name, type }, i) => `${typed(column(name), type)} as f${i}`),
  ];
  const key = keys.map((_, i) => `k${i}`);
  const partition = key.length === 0 ? '' : `partition by ${key.join(', ')} `;
  const rows = `select ${selected.join(', ')} from ${relation}`;
  const known = key.map((each) => ` and ${each} is not null`).join('');
  return `select * exclude (created) from (${rows}) where ${condition}${known}
    qualify row_number() over (${partition}order by event desc, created desc nulls last) = 1`;
}

function rowsOf(view: FeatureView, { columns, rows }: Batch): WrittenRow[] {
  const keys = view.entities.length === 0 ? 0 : view.joinKeys.length;
  return Array.from({ length: rows }, (_, row) => {
    const at = (column: number) => columns[column]?.[row] ?? null;
    return {
      key: serializeEntityKey(
        view.joinKeys.map(({ name, type }, i) => {
          const value = keys === 0 ? '' : (featureValueOf(type, at(i), name) as KeyValue);
          return { joinKey: name, type, value };
        }),
      ),
      event: instantOfNanoseconds(at(keys) as bigint),
      values: view.features.map(({ name, type }, i) =>
        encodeValue(type, featureValueOf(type, at(keys + 1 + i), `${view.name}:${name}`)),
      ),
    };
  });
}

/** @throws CONFLICT where one of the views is being materialised */
export function refuseRunning(running: readonly string[], views: readonly FeatureView[]): void {
  const taken = views.map(({ name }) => name).filter((name) => running.includes(name));
  if (taken.length === 0) return;
  throw new PlatformError('CONFLICT', `${taken.join(', ')}: is being materialised; wait until that has ended.`, {
    data: { feature_views: taken },
  });
}
