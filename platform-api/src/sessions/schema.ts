import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface SessionTables {
  sessions: {
    id: string;
    /** SHA-256 of the secret, hexadecimal. */
    hash: string;
    /** `browser`, or `command-line`. */
    kind: string;
    /** Shown to who lets a command line in, until they have. */
    user_code: string | null;
    /** Who signed in, as JSON; null until then. */
    person: string | null;
    principal: string | null;
    started_at: number;
    seen_at: number;
    /** Whether it was left alone for so long that regulated data is closed to it: 0 or 1. */
    lapsed: number;
    expires_at: number;
    ended_at: number | null;
  };
}

export const sessionSchema: Readonly<Record<string, SchemaStep>> = {
  '0015_sessions': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('sessions')
      .addColumn('id', text, (c) => c.primaryKey().notNull())
      .addColumn('hash', text, (c) => c.notNull())
      .addColumn('kind', text, (c) => c.notNull())
      .addColumn('user_code', text)
      .addColumn('person', text)
      .addColumn('principal', text)
      .addColumn('started_at', integer, (c) => c.notNull())
      .addColumn('seen_at', integer, (c) => c.notNull())
      .addColumn('lapsed', integer, (c) => c.notNull())
      .addColumn('expires_at', integer, (c) => c.notNull())
      .addColumn('ended_at', integer)
      .execute();
    await db.schema.createIndex('sessions_by_principal').on('sessions').columns(['principal', 'started_at']).execute();
    await db.schema.createIndex('sessions_by_code').on('sessions').column('user_code').execute();
  },
};
