import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import type { Database, DialectName } from './database.ts';

/**
 * A step of a component's schema, written once for both dialects. Steps are only ever added, and add: tables, indexes, columns that
 * may be empty or have a default. So a program serves from a schema that a newer one has made.
 */
export type SchemaStep = (db: Kysely<unknown>, dialect: DialectName) => Promise<void>;

/**
 * Brings the tables of one component up to date; each component keeps its own list of applied steps. Steps that a newer program has
 * applied are left as they are. Where the database is not migrated by who opened it, it must be up to date.
 * @throws the error of the step that failed; that step is then not applied. Error that names what is missing where it may not be made.
 */
export async function migrate(
  database: Database<unknown>,
  component: string,
  steps: Readonly<Record<string, SchemaStep>>,
): Promise<void> {
  const table = `${component}_migrations`;
  if (!database.migrates) return needSteps(database, component, table, Object.keys(steps));
  const migrator = new Migrator({
    db: database.query,
    provider: {
      // asked while the lock is held: no other process adds one meanwhile
      async getMigrations() {
        const known = Object.entries(steps).map(([name, step]) => [name, step] as const);
        const newer = (await applied(database, table)).map((name) => [name, () => Promise.resolve()] as const);
        const all: Record<string, SchemaStep> = Object.fromEntries([...newer, ...known]);
        const entries = Object.entries(all).map(([name, step]): [string, Migration] => [
          name,
          { up: (db) => step(db, database.dialect) },
        ]);
        return Object.fromEntries(entries);
      },
    },
    migrationTableName: table,
    migrationLockTableName: `${table}_lock`,
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}

async function needSteps(database: Database<unknown>, component: string, table: string, steps: readonly string[]) {
  const there = new Set(await applied(database, table));
  const missing = steps.filter((name) => !there.has(name));
  if (missing.length === 0) return;
  const fix = 'run platform-api/src/migrate.ts first, or start with migrate: true';
  throw new Error(`The database's tables of ${component} lack ${missing.join(', ')}: ${fix}.`);
}

/** The names of the steps that were applied, by whichever program. */
async function applied({ query }: Database<unknown>, table: string): Promise<string[]> {
  const tables = await query.introspection.getTables();
  if (!tables.some(({ name }) => name === table)) return [];
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)} order by name`.execute(query);
  return rows.map(({ name }) => name);
}

/** Column types that mean the same on both dialects. Text compares by bytes: PostgreSQL's default depends on its locale. */
export function columnTypes(dialect: DialectName) {
  return dialect === 'postgres'
    ? ({ text: 'text COLLATE "C"', integer: 'bigint', real: 'double precision' } as const)
    : ({ text: 'text', integer: 'integer', real: 'real' } as const);
}
