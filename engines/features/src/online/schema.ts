import { columnTypes, type SchemaStep } from '@mlops/database';
import { sql } from 'kysely';

export interface OnlineTables {
  /** The newest row of every key. */
  readonly feature_rows: {
    readonly project: string;
    readonly view: string;
    /** Feast's serialized entity key, as hexadecimal text. */
    readonly entity_key: string;
    readonly event_seconds: number;
    readonly event_nanos: number;
    readonly feature_values: Uint8Array;
  };
}

export const onlineSchema: Readonly<Record<string, SchemaStep>> = {
  '001-feature-rows': async (db, dialect) => {
    const { text, integer } = columnTypes(dialect);
    const binary = dialect === 'postgres' ? 'bytea' : 'blob';
    await db.schema
      .createTable('feature_rows')
      .addColumn('project', sql.raw(text), (column) => column.notNull())
      .addColumn('view', sql.raw(text), (column) => column.notNull())
      .addColumn('entity_key', sql.raw(text), (column) => column.notNull())
      .addColumn('event_seconds', sql.raw(integer), (column) => column.notNull())
      .addColumn('event_nanos', sql.raw(integer), (column) => column.notNull())
      .addColumn('feature_values', sql.raw(binary), (column) => column.notNull())
      .addPrimaryKeyConstraint('feature_rows_key', ['project', 'view', 'entity_key'])
      .execute();
  },
};
