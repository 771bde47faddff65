import type { JobDefinition, JobRun } from '@mlops/jobs';
import type { SharedPredictionLog } from './log.ts';
import type { Backlog, Batch, PredictionStore, Segment } from './store.ts';

/** A segment is made when so much waits, or for so long. */
const SEAL_BYTES = 4 * 1024 * 1024;
const SEAL_MILLISECONDS = 300_000;
/** What one segment is made of at the most: three times as much does not fit into the memory that DuckDB may use. */
const SEALED_BYTES_MAX = 16 * 1024 * 1024;
/** Files that become one: compressed, about a thirtieth of what DuckDB holds while it merges them. */
const MERGED_BYTES_MAX = 3 * 1024 * 1024;
const DAY = 86_400_000;
/** So long a file is kept that nothing refers to any more: who lists the log may be reading it, or still be writing it. */
const UNUSED_MILLISECONDS = 2 * DAY;

export interface PredictionJobParts {
  readonly log: SharedPredictionLog;
  readonly store: PredictionStore;
  /** Days that predictions of a team are kept where it has not said otherwise. */
  readonly retentionDays: number;
  /** Removes what a team no longer keeps: an act of its own, which is audited. */
  readonly expire: (team: string, days: number, remove: () => Promise<number>) => Promise<number>;
}

export function predictionJobs(parts: PredictionJobParts): JobDefinition[] {
  const { log, store } = parts;
  return [
    {
      name: 'seal-predictions',
      summary: 'Moves logged predictions from the database into Parquet files of the blob store.',
      everySeconds: 20,
      runner: 'one',
      run: async (run) => {
        const due = (await store.backlog()).filter(isDue);
        const unreadable: string[] = [];
        await each(due, async ({ deployment }) => {
          unreadable.push(...(await seal(parts, deployment, run)));
        });
        if (unreadable.length > 0) throw new Error(`batches that cannot be read stay: ${unreadable.join(', ')}`);
        return due.length === 0 ? undefined : `sealed the predictions of ${due.length} deployments`;
      },
    },
    {
      name: 'compact-predictions',
      summary: 'Merges the Parquet files of a day that is over into one for each deployment.',
      everySeconds: 3600,
      runner: 'one',
      run: async (run) => {
        const groups = ofPastDays(await store.segments(), Date.now()).filter(({ length }) => length > 1);
        await each([...groups.entries()], async ([done, group]) => {
          run.signal.throwIfAborted();
          run.progress({ done, total: groups.length });
          await compact(parts, group, run);
        });
        return groups.length === 0 ? undefined : `merged the files of ${groups.length} days`;
      },
    },
    {
      name: 'expire-predictions',
      summary: 'Removes predictions that are older than their team keeps them, and files that nothing refers to.',
      everySeconds: 3600,
      runner: 'one',
      run: async (run) => {
        let rows = 0;
        for (const team of await store.teams()) {
          run.signal.throwIfAborted();
          const days = (await store.retention(team)) ?? parts.retentionDays;
          rows += await expire(parts, team, days, run);
        }
        const files = await removeUnused(log, store);
        return rows + files === 0 ? undefined : `removed ${rows} predictions and ${files} files that nothing refers to`;
      },
    },
  ];
}

/** All of them, though some fail: one team's log must not keep those of others waiting. @throws what the first has failed of */
async function each<T>(items: readonly T[], perform: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await perform(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}

function isDue({ oldest, bytes }: Backlog): boolean {
  return bytes > SEAL_BYTES || Date.now() - oldest > SEAL_MILLISECONDS;
}

/** Seals all that waits for a deployment, a segment at a time. @returns what cannot be read, and stays where it is */
async function seal({ log, store }: PredictionJobParts, deployment: string, run: JobRun): Promise<string[]> {
  const unreadable: string[] = [];
  const make = (team: string, batches: readonly Batch[]) => {
    const ids = batches.map(({ id }) => id);
    const lines = batches.map((batch) => batch.lines).join('');
    return log.merge({ deployment, team }, { lines }, (made) => run.fenced(() => store.replace(made, ids, [])));
  };
  for (;;) {
    run.signal.throwIfAborted();
    const oldest = await store.oldestBatches(deployment, SEALED_BYTES_MAX, unreadable);
    const [first] = oldest;
    if (!first) return unreadable;
    const batches = oldest.filter(({ team }) => team === first.team);
    if (await isReadable(log, batches)) await make(first.team, batches);
    else for (const batch of batches) if (!(await isReadable(log, [batch]))) unreadable.push(batch.id);
  }
}

function isReadable(log: SharedPredictionLog, batches: readonly Batch[]): Promise<boolean> {
  return log.reads(batches.map((batch) => batch.lines).join(''));
}

async function compact({ log, store }: PredictionJobParts, segments: readonly Segment[], run: JobRun): Promise<void> {
  const [first] = segments;
  if (!first) return;
  const paths = segments.map(({ path }) => path);
  const { deployment, team } = first;
  await log.merge({ deployment, team }, { lines: '', segments }, (made) =>
    run.fenced(() => store.replace(made, [], paths)),
  );
  // The files stay for those who are reading them.
}

/** Segments that lie wholly in one past day, by deployment, team and day. */
function ofPastDays(segments: readonly Segment[], now: number): Segment[][] {
  const today = Math.floor(now / DAY);
  const past = segments.filter(
    ({ from, to }) => Math.floor(to / DAY) < today && Math.floor(from / DAY) === Math.floor(to / DAY),
  );
  const groups = Map.groupBy(past, ({ deployment, team, to }) => `${deployment}\n${team}\n${Math.floor(to / DAY)}`);
  return [...groups.values()].map((group) => {
    let bytes = 0;
    return group.filter((segment) => (bytes += segment.bytes) <= MERGED_BYTES_MAX);
  });
}

async function expire(parts: PredictionJobParts, team: string, days: number, run: JobRun): Promise<number> {
  const { log, store } = parts;
  const before = Date.now() - days * DAY;
  if (!(await store.hasBefore(team, before))) return 0;
  return parts.expire(team, days, async () => {
    const { paths, rows } = await run.fenced(() => store.expire(team, before));
    for (const path of paths) await log.forget(path);
    return rows;
  });
}

/** Files that nothing refers to, and that nobody reads any more. */
async function removeUnused(log: SharedPredictionLog, store: PredictionStore): Promise<number> {
  const paths = await store.unused(Date.now() - UNUSED_MILLISECONDS);
  for (const path of paths) await log.forget(path);
  return paths.length;
}
