import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface TokenTables {
  tokens: {
    id: string;
    /** SHA-256 of the secret, hexadecimal: the secret itself is shown once and kept nowhere. */
    hash: string;
    name: string;
    principal_type: string;
    principal: string;
    team: string;
    /** JSON. */
    roles: string;
    created_by: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    last_used_at: number | null;
  };
}

export const tokenSchema: Readonly<Record<string, SchemaStep>> = {
  '0010_tokens': async (db, dialect) => {
    const types = columnTypes(dialect);
    const text = sql.raw(types.text) as never;
    const integer = sql.raw(types.integer) as never;
    await db.schema
      .createTable('tokens')
      .addColumn('id', text, (c) => c.primaryKey().notNull())
      .addColumn('hash', text, (c) => c.notNull())
      .addColumn('name', text, (c) => c.notNull())
      .addColumn('principal_type', text, (c) => c.notNull())
      .addColumn('principal', text, (c) => c.notNull())
      .addColumn('team', text, (c) => c.notNull())
      .addColumn('roles', text, (c) => c.notNull())
      .addColumn('created_by', text, (c) => c.notNull())
      .addColumn('created_at', integer, (c) => c.notNull())
      .addColumn('expires_at', integer)
      .addColumn('revoked_at', integer)
      .addColumn('last_used_at', integer)
      .execute();
    await db.schema.createIndex('tokens_by_principal').on('tokens').columns(['team', 'principal']).execute();
  },
};
