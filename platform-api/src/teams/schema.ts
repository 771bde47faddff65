import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface TeamTables {
  teams: {
    name: string;
    display_name: string;
    cost_center: string;
    compliance_level: string;
    size: string;
    created_at: number;
    created_by: string;
    archived_at: number | null;
  };
  /** `roles` is JSON. */
  team_members: { team: string; principal: string; roles: string; added_at: number; added_by: string };
}

export const teamSchema: Readonly<Record<string, SchemaStep>> = {
  /** Claims, before names were unique within a team; nothing reads them any more. */
  '0005_owners': async (db, dialect) => {
    const text = sql.raw(columnTypes(dialect).text) as never;
    await db.schema
      .createTable('resource_owners')
      .addColumn('type', text, (c) => c.notNull())
      .addColumn('id', text, (c) => c.notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('resource_owners_key', ['type', 'id'] as never[])
      .execute();
  },
  '0011_teams': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('teams')
      .addColumn('name', text, (c) => c.primaryKey().notNull())
      .addColumn('display_name', text, (c) => c.notNull())
      .addColumn('cost_center', text, (c) => c.notNull())
      .addColumn('compliance_level', text, (c) => c.notNull())
      .addColumn('size', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addColumn('archived_at', integer)
      .execute();
    await db.schema
      .createTable('team_members')
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('principal', text, (c) => c.notNull())
      .addColumn('roles', text, (c) => c.notNull())
      .addColumn('added_at', integer, (c) => c.notNull())
      .addColumn('added_by', text, (c) => c.notNull())
      .addPrimaryKeyConstraint('team_members_key', ['team', 'principal'] as never[])
      .execute();
    await db.schema.createIndex('team_members_by_principal').on('team_members').columns(['principal']).execute();
    await sql`insert into teams (name, display_name, cost_center, compliance_level, size, created_at, created_by)
      values ('default', 'Default', '', 'standard', 'M', ${Date.now()}, 'platform')`.execute(db);
  },
};
