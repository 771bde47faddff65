import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface DefinitionsTables {
  /** The newest version of a project's definitions; its row is what those who apply wait for. */
  readonly feature_projects: { readonly project: string; readonly version: number };
  /** All versions that were applied. */
  readonly feature_definitions: {
    readonly project: string;
    readonly version: number;
    /** JSON: what `DefinitionsSet` holds. */
    readonly content: string;
    /** Milliseconds since 1970. */
    readonly applied_at: number;
    readonly applied_by: string;
    /** Why it was forced; null where it was not. */
    readonly reason: string | null;
  };
}

export const definitionsTables: Readonly<Record<string, SchemaStep>> = {
  '002-feature-definitions': async (db, dialect) => {
    const { text, integer } = columnTypes(dialect);
    await db.schema
      .createTable('feature_projects')
      .addColumn('project', sql.raw(text), (column) => column.notNull().primaryKey())
      .addColumn('version', sql.raw(integer), (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('feature_definitions')
      .addColumn('project', sql.raw(text), (column) => column.notNull())
      .addColumn('version', sql.raw(integer), (column) => column.notNull())
      .addColumn('content', sql.raw(text), (column) => column.notNull())
      .addColumn('applied_at', sql.raw(integer), (column) => column.notNull())
      .addColumn('applied_by', sql.raw(text), (column) => column.notNull())
      .addColumn('reason', sql.raw(text))
      .addPrimaryKeyConstraint('feature_definitions_key', ['project', 'version'])
      .execute();
  },
};
