import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface BreakGlassTables {
  break_glass: {
    id: string;
    /** The team that somebody has entered. */
    team: string;
    principal: string;
    /** The team that they acted for. */
    own_team: string;
    reason: string;
    started_at: number;
    ends_at: number;
    reviewed_at: number | null;
    reviewed_by: string | null;
    review: string | null;
  };
}

export const breakGlassSchema: Readonly<Record<string, SchemaStep>> = {
  '0017_break_glass': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('break_glass')
      .addColumn('id', text, (c) => c.primaryKey().notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('principal', text, (c) => c.notNull())
      .addColumn('own_team', text, (c) => c.notNull())
      .addColumn('reason', text, (c) => c.notNull())
      .addColumn('started_at', integer, (c) => c.notNull())
      .addColumn('ends_at', integer, (c) => c.notNull())
      .addColumn('reviewed_at', integer)
      .addColumn('reviewed_by', text)
      .addColumn('review', text)
      .execute();
    await db.schema
      .createIndex('break_glass_by_principal')
      .on('break_glass')
      .columns(['principal', 'ends_at'])
      .execute();
  },
};
