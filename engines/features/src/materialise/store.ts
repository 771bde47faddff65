import type { Database } from '@mlops/database';
import type { MaterialisationTables } from './schema.ts';

/** What of a view is in the online store: everything between two moments, in milliseconds since 1970. */
export interface Interval {
  readonly start: number;
  readonly doneUntil: number;
  /** Where the run was meant to end. */
  readonly end: number;
  readonly rows: number;
}

/** What was materialised, and how far a run has come that was stopped. */
export class MaterialisationStore {
  readonly #database: Database<MaterialisationTables>;

  constructor(database: Database<MaterialisationTables>) {
    this.#database = database;
  }

  async intervals(project: string, view: string): Promise<Interval[]> {
    const rows = await this.#database.query
      .selectFrom('feature_materialisations')
      .select(['start_time', 'done_until', 'end_time', 'rows'])
      .where('project', '=', project)
      .where('view', '=', view)
      .orderBy('start_time')
      .execute();
    return rows.map(({ start_time, done_until, end_time, rows: count }) => ({
      start: start_time,
      doneUntil: done_until,
      end: end_time,
      rows: count,
    }));
  }

  /** The latest moment of each view of all projects, in milliseconds since 1970. */
  async until(): Promise<{ project: string; view: string; until: number }[]> {
    return this.#database.query
      .selectFrom('feature_materialisations')
      .select(['project', 'view', (row) => row.fn.max('done_until').as('until')])
      .groupBy(['project', 'view'])
      .execute();
  }

  /** Notes how far a run has come. */
  async progress(project: string, view: string, { start, doneUntil, end, rows }: Interval): Promise<void> {
    const values = { done_until: doneUntil, end_time: end, rows, updated_at: Date.now() };
    await this.#database.write((tx) =>
      tx
        .insertInto('feature_materialisations')
        .values({ project, view, start_time: start, ...values })
        .onConflict((conflict) => conflict.columns(['project', 'view', 'start_time']).doUpdateSet(values))
        .execute(),
    );
  }

  /** Joins the finished intervals of a view that touch each other: an hourly run for years leaves one. */
  async join(project: string, view: string): Promise<void> {
    await this.#database.write(async (tx) => {
      const before = await this.intervals(project, view);
      const joined: Interval[] = [];
      for (const interval of before) {
        const last = joined.at(-1);
        const touches =
          last !== undefined && isFinished(last) && isFinished(interval) && interval.start <= last.doneUntil;
        if (!touches) joined.push(interval);
        else {
          const doneUntil = Math.max(last.doneUntil, interval.doneUntil);
          joined[joined.length - 1] = { start: last.start, doneUntil, end: doneUntil, rows: last.rows + interval.rows };
        }
      }
      if (joined.length === before.length) return;
      await tx.deleteFrom('feature_materialisations').where('project', '=', project).where('view', '=', view).execute();
      for (const interval of joined) await this.progress(project, view, interval);
    });
  }
}

export function isFinished({ doneUntil, end }: Interval): boolean {
  return doneUntil >= end;
}
