import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface PolicyTables {
  access_policies: { name: string; policy: string; changed_at: number; changed_by: string };
  access_policies_version: { one: number; version: number };
}

export const policySchema: Readonly<Record<string, SchemaStep>> = {
  '0014_policies': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('access_policies')
      .addColumn('name', text, (c) => c.primaryKey().notNull())
      .addColumn('policy', text, (c) => c.notNull())
      .addColumn('changed_at', integer, (c) => c.notNull())
      .addColumn('changed_by', text, (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('access_policies_version')
      .addColumn('one', integer, (c) => c.primaryKey())
      .addColumn('version', integer, (c) => c.notNull())
      .execute();
    await sql`insert into access_policies_version (one, version) values (1, 0)`.execute(db);
  },
};
