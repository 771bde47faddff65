import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface DeploymentTables {
  deployments: {
    /** The key, as in all tables here. */
    name: string;
    team: string;
    created_at: number;
    deleted_at: number | null;
    live_revision: number | null;
  };
  deployment_revisions: {
    deployment: string;
    revision: number;
    model: string;
    model_name: string;
    model_version: string;
    digest: string;
    options: string;
    status: string;
    error: string | null;
    created_at: number;
    created_by: string;
  };
  deployment_traffic: { deployment: string; revision: number; weight: number };
  /** When which revision was live: the ledger that `as_of` reads. Only ever closed, never rewritten. */
  deployment_periods: { deployment: string; revision: number; live_from: number; live_to: number | null };
}

export const deploymentSchema: Readonly<Record<string, SchemaStep>> = {
  '0003_deployments': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('deployments')
      .addColumn('name', text, (c) => c.primaryKey().notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('deleted_at', integer)
      .addColumn('live_revision', integer)
      .execute();
    await db.schema
      .createTable('deployment_revisions')
      .addColumn('deployment', text, (c) => c.notNull())
      .addColumn('revision', integer, (c) => c.notNull())
      .addColumn('model', text, (c) => c.notNull())
      .addColumn('model_name', text, (c) => c.notNull())
      .addColumn('model_version', text, (c) => c.notNull())
      .addColumn('digest', text, (c) => c.notNull())
      .addColumn('options', text, (c) => c.notNull())
      .addColumn('status', text, (c) => c.notNull())
      .addColumn('error', text)
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('deployment_revisions_key', ['deployment', 'revision'] as never[])
      .execute();
    await db.schema
      .createTable('deployment_periods')
      .addColumn('deployment', text, (c) => c.notNull())
      .addColumn('revision', integer, (c) => c.notNull())
      .addColumn('live_from', integer, (c) => c.notNull())
      .addColumn('live_to', integer)
      .execute();
    await db.schema
      .createIndex('deployment_periods_by_time')
      .on('deployment_periods')
      .columns(['deployment', 'live_from'])
      .execute();
  },
};

export const trafficSchema: Readonly<Record<string, SchemaStep>> = {
  '0007_traffic': async (db, dialect) => {
    const types = columnTypes(dialect);
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('deployment_traffic')
      .addColumn('deployment', sql.raw(types.text) as never, (c) => c.notNull())
      .addColumn('revision', integer, (c) => c.notNull())
      .addColumn('weight', integer, (c) => c.notNull())
      .addPrimaryKeyConstraint('deployment_traffic_key', ['deployment', 'revision'] as never[])
      .execute();
    await sql`insert into deployment_traffic (deployment, revision, weight)
      select name, live_revision, 100 from deployments where live_revision is not null`.execute(db);
  },
};
