import { columnTypes, type SchemaStep } from '@mlops/database';
import { type ColumnDefinitionBuilder, sql } from 'kysely';

export interface MaterialisationTables {
  /** What was materialised of each view, one row for each interval that is not joined to another. Milliseconds since 1970. */
  readonly feature_materialisations: {
    readonly project: string;
    readonly view: string;
    readonly start_time: number;
    /** Everything before and at this moment is in the online store. */
    readonly done_until: number;
    /** What the run was asked for; later than `done_until` while it runs, or where it was stopped. */
    readonly end_time: number;
    readonly rows: number;
    readonly updated_at: number;
  };
}

export const materialisationSchema: Readonly<Record<string, SchemaStep>> = {
  '001-feature-materialisations': async (db, dialect) => {
    const { text, integer } = columnTypes(dialect);
    const notNull = (column: ColumnDefinitionBuilder) => column.notNull();
    await db.schema
      .createTable('feature_materialisations')
      .addColumn('project', sql.raw(text), notNull)
      .addColumn('view', sql.raw(text), notNull)
      .addColumn('start_time', sql.raw(integer), notNull)
      .addColumn('done_until', sql.raw(integer), notNull)
      .addColumn('end_time', sql.raw(integer), notNull)
      .addColumn('rows', sql.raw(integer), notNull)
      .addColumn('updated_at', sql.raw(integer), notNull)
      .addPrimaryKeyConstraint('feature_materialisations_key', ['project', 'view', 'start_time'])
      .execute();
  },
};
