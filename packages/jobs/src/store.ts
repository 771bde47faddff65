import type { Database } from '@mlops/database';
import { type ExpressionBuilder, type RawBuilder, sql } from 'kysely';
import type { JobDefinition, JobProgress } from './job.ts';
import type { JobTables } from './schema.ts';

export interface JobState {
  readonly name: string;
  readonly nextRun: number;
  /** The process that runs it now. */
  readonly runner: string | null;
}

export interface JobRunRecord {
  readonly id: string;
  readonly job: string;
  readonly runner: string;
  /** `interrupted`: its process ended, or lost the lease, before the run did. */
  readonly status: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly message: string | null;
  readonly progress: JobProgress | null;
}

export interface Lease {
  readonly job: string;
  readonly fence: number;
  readonly checkpoint: unknown;
  readonly takenAt: number;
}

const HISTORY_KEPT = 200;
const LEASE_MILLISECONDS_MAX = 3_600_000;

type Scheduled = Pick<JobDefinition, 'name' | 'everySeconds'>;
const millisecondsOf = ({ everySeconds }: Scheduled) => Math.ceil(everySeconds * 1000);

export class JobStore {
  readonly #database: Database<JobTables>;

  constructor(database: Database<unknown>) {
    this.#database = database.as<JobTables>();
  }

  transaction<T>(body: () => Promise<T>): Promise<T> {
    return this.#database.write(body);
  }

  async announce(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#database.write((tx) =>
        tx
          .insertInto('jobs')
          .values({ name, next_run: this.#now(), lease_owner: null, lease_until: null, fence: 0, checkpoint: null })
          .onConflict((conflict) => conflict.column('name').doNothing())
          .execute(),
      );
    }
  }

  /** Of the jobs those that are due and that nobody runs. */
  async due<T extends Scheduled>(jobs: readonly T[]): Promise<T[]> {
    const rows = await this.#database.query
      .selectFrom('jobs')
      .select(['name', 'next_run', this.#now().as('now')])
      .where(
        'name',
        'in',
        jobs.map(({ name }) => name),
      )
      .where(this.#isFree())
      .execute();
    const due = new Map(rows.map((row) => [row.name, row]));
    return jobs.filter((job) => {
      const row = due.get(job.name);
      return row !== undefined && (row.next_run <= row.now || row.next_run > row.now + millisecondsOf(job));
    });
  }

  /** Nobody has the lease; one that runs longer than any is given was given by a clock that has been set back since. */
  #isFree() {
    const now = this.#now();
    return (eb: ExpressionBuilder<JobTables, 'jobs'>) =>
      eb.or([
        eb('lease_until', 'is', null),
        eb('lease_until', '<', now),
        eb('lease_until', '>', sql<number>`${now} + ${sql.lit(LEASE_MILLISECONDS_MAX)}`),
      ]);
  }

  /** Takes the lease, if it is still to be had; runs that its last holder has left are interrupted ones now. */
  async lease(definition: Scheduled, runner: string, milliseconds: number): Promise<Lease | undefined> {
    const job = definition.name;
    const period = sql<number>`${this.#now()} + ${sql.lit(millisecondsOf(definition))}`;
    return this.#database.write(async (tx) => {
      const row = await tx
        .updateTable('jobs')
        .set({
          lease_owner: runner,
          lease_until: sql<number>`${this.#now()} + ${sql.lit(milliseconds)}`,
          fence: sql<number>`fence + 1`,
          // What lies beyond the next period was planned by a clock that has been set back since.
          next_run: sql<number>`case when next_run > ${period} then ${this.#now()} else next_run end`,
        })
        .where('name', '=', job)
        .where((eb) => eb.or([eb('next_run', '<=', this.#now()), eb('next_run', '>', period)]))
        .where(this.#isFree())
        .returning(['fence', 'checkpoint', this.#now().as('now')])
        .executeTakeFirst();
      if (!row) return undefined;
      await tx
        .updateTable('job_runs')
        .set({ status: 'interrupted', ended_at: this.#now() })
        .where('job', '=', job)
        .where('status', '=', 'running')
        .execute();
      const checkpoint: unknown = row.checkpoint === null ? undefined : JSON.parse(row.checkpoint);
      return { job, fence: row.fence, checkpoint, takenAt: row.now };
    });
  }

  /** Holds the lease for longer; false if it has passed on. */
  async renew({ job, fence }: Lease, milliseconds: number): Promise<boolean> {
    const renewed = await this.#database.write((tx) =>
      tx
        .updateTable('jobs')
        .set({ lease_until: sql<number>`${this.#now()} + ${sql.lit(milliseconds)}` })
        .where('name', '=', job)
        .where('fence', '=', fence)
        .returning('name')
        .execute(),
    );
    return renewed.length > 0;
  }

  /** Inside of a transaction: whether the lease is held, and will be until the transaction ends. */
  async holds({ job, fence }: Lease): Promise<boolean> {
    const select = this.#database.query.selectFrom('jobs').select('fence').where('name', '=', job);
    const row = await (this.#database.dialect === 'postgres' ? select.forUpdate() : select).executeTakeFirst();
    return row?.fence === fence;
  }

  async save({ job }: Lease, checkpoint: unknown): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('jobs')
        .set({ checkpoint: checkpoint === undefined ? null : JSON.stringify(checkpoint) })
        .where('name', '=', job)
        .execute(),
    );
  }

  /**
   * Gives the lease back; the next run is at `nextRun`, or at once where this one did not come to its end, or another was
   * asked for while it ran.
   */
  async release({ job, fence, takenAt }: Lease, nextRun: number | undefined): Promise<void> {
    const unlessAsked = (time: number) => sql<number>`case when next_run > ${takenAt} then next_run else ${time} end`;
    const next = nextRun === undefined ? {} : { next_run: unlessAsked(nextRun) };
    await this.#database.write((tx) =>
      tx
        .updateTable('jobs')
        .set({ lease_owner: null, lease_until: null, ...next })
        .where('name', '=', job)
        .where('fence', '=', fence)
        .execute(),
    );
  }

  async runNow(job: string): Promise<void> {
    await this.#database.write((tx) =>
      tx.updateTable('jobs').set({ next_run: this.#now() }).where('name', '=', job).execute(),
    );
  }

  async states(): Promise<JobState[]> {
    const rows = await this.#database.query.selectFrom('jobs').selectAll().orderBy('name').execute();
    return rows.map(({ name, next_run, lease_owner }) => ({ name, nextRun: next_run, runner: lease_owner }));
  }

  async begin(id: string, job: string, runner: string): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .insertInto('job_runs')
        .values({
          id,
          job,
          runner,
          status: 'running',
          started_at: this.#now(),
          ended_at: null,
          message: null,
          done: null,
          total: null,
          cancel_requested: 0,
        })
        .execute(),
    );
  }

  /** Notes the progress; true if the run shall end. */
  async beat(id: string, progress: JobProgress | undefined): Promise<boolean> {
    const rows = await this.#database.write((tx) =>
      tx
        .updateTable('job_runs')
        .set({ done: progress?.done ?? null, total: progress?.total ?? null })
        .where('id', '=', id)
        .returning('cancel_requested')
        .execute(),
    );
    return rows[0]?.cancel_requested === 1;
  }

  async end(id: string, status: JobRunRecord['status'], message: string | undefined): Promise<void> {
    await this.#database.write((tx) =>
      tx
        .updateTable('job_runs')
        .set({ status, message: message ?? null, ended_at: this.#now() })
        .where('id', '=', id)
        .where('status', '=', 'running')
        .execute(),
    );
  }

  /** A run that did nothing leaves nothing. */
  async forget(id: string): Promise<void> {
    await this.#database.write((tx) => tx.deleteFrom('job_runs').where('id', '=', id).execute());
  }

  /** Newest first. */
  async history(job: string | undefined, limit: number): Promise<JobRunRecord[]> {
    let query = this.#database.query.selectFrom('job_runs').selectAll();
    if (job !== undefined) query = query.where('job', '=', job);
    const rows = await query.orderBy('started_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
    return rows.map(toRecord);
  }

  async cancel(id: string, job: string): Promise<JobRunRecord | undefined> {
    const rows = await this.#database.write((tx) =>
      tx
        .updateTable('job_runs')
        .set({ cancel_requested: 1 })
        .where('id', '=', id)
        .where('job', '=', job)
        .returningAll()
        .execute(),
    );
    return rows[0] && toRecord(rows[0]);
  }

  /** Keeps the newest runs of a job. */
  async trim(job: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const oldest = await tx
        .selectFrom('job_runs')
        .select('started_at')
        .where('job', '=', job)
        .orderBy('started_at', 'desc')
        .offset(HISTORY_KEPT)
        .limit(1)
        .executeTakeFirst();
      if (!oldest) return;
      await tx
        .deleteFrom('job_runs')
        .where('job', '=', job)
        .where('started_at', '<=', oldest.started_at)
        .where('status', '!=', 'running')
        .execute();
    });
  }

  /** Milliseconds since 1970 by the clock that all processes share. */
  #now(): RawBuilder<number> {
    return this.#database.dialect === 'postgres'
      ? sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`
      : sql<number>`${sql.lit(Date.now())}`;
  }
}

function toRecord(row: JobTables['job_runs']): JobRunRecord {
  const { done, total } = row;
  return {
    id: row.id,
    job: row.job,
    runner: row.runner,
    status: row.status as JobRunRecord['status'],
    startedAt: row.started_at,
    endedAt: row.ended_at,
    message: row.message,
    progress: done === null || total === null ? null : { done, total },
  };
}
