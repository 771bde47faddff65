import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface JobTables {
  jobs: {
    name: string;
    /** Milliseconds since 1970, as are all times here: by the database's clock, which all processes share. */
    next_run: number;
    lease_owner: string | null;
    lease_until: number | null;
    /** Grows with each lease: what is done under an older one is refused. */
    fence: number;
    checkpoint: string | null;
  };
  job_runs: {
    id: string;
    job: string;
    runner: string;
    status: string;
    started_at: number;
    ended_at: number | null;
    message: string | null;
    done: number | null;
    total: number | null;
    cancel_requested: number;
  };
}

export const jobSchema: Readonly<Record<string, SchemaStep>> = {
  '0001_jobs': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('jobs')
      .addColumn('name', text, (c) => c.primaryKey().notNull())
      .addColumn('next_run', integer, (c) => c.notNull())
      .addColumn('lease_owner', text)
      .addColumn('lease_until', integer)
      .addColumn('fence', integer, (c) => c.notNull())
      .addColumn('checkpoint', text)
      .execute();
    await db.schema
      .createTable('job_runs')
      .addColumn('id', text, (c) => c.primaryKey().notNull())
      .addColumn('job', text, (c) => c.notNull())
      .addColumn('runner', text, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('started_at', integer, (c) => c.notNull())
      .addColumn('ended_at', integer)
      .addColumn('message', text)
      .addColumn('done', integer)
      .addColumn('total', integer)
      .addColumn('cancel_requested', integer, (c) => c.notNull())
      .execute();
    await db.schema.createIndex('job_runs_by_time').on('job_runs').columns(['job', 'started_at']).execute();
  },
};
