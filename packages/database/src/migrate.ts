import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database, DialectName } from './database.ts';

/** A step of a component's schema, written once for both dialects. Steps are only ever added. */
export type SchemaStep = (db: Kysely<unknown>, dialect: DialectName) => Promise<void>;

/**
 * Brings the tables of one component up to date; each component keeps its own list of applied steps.
 * @throws the error of the step that failed; that step is then not applied.
 */
export async function migrate(
  database: Database<unknown>,
  component: string,
  steps: Readonly<Record<string, SchemaStep>>,
): Promise<void> {
  const migrations: Record<string, Migration> = {};
  for (const [name, step] of Object.entries(steps)) migrations[name] = { up: (db) => step(db, database.dialect) };
  const migrator = new Migrator({
    db: database.query,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    migrationTableName: `${component}_migrations`,
    migrationLockTableName: `${component}_migrations_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

/** Column types that mean the same on both dialects. Text compares by bytes: PostgreSQL's default depends on its locale. */
export function columnTypes(dialect: DialectName) {
  return dialect === 'postgres'
    ? ({ text: 'text COLLATE "C"', integer: 'bigint', real: 'double precision' } as const)
    : ({ text: 'text', integer: 'integer', real: 'real' } as const);
}
