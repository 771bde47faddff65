import type { BlobStore } from '@mlops/blobs';
import type { Database } from '@mlops/database';
import { type RawBuilder, sql } from 'kysely';
import type { TrackingTables } from './tables.ts';

/** What the parts of the embedded engine stand on. */
export interface TrackingContext {
  readonly database: Database<TrackingTables>;
  readonly blobs: BlobStore;
  /** Root of new experiments' artifact locations, as `mlflow-artifacts:/` or another URI. */
  readonly artifactRoot: string;
}

/** `column IN values`, as one parameter: the statement stays the same however long the list is. */
export function isIn(
  { database }: Pick<TrackingContext, 'database'>,
  column: string,
  values: readonly (string | number)[],
): RawBuilder<boolean> {
  if (database.dialect === 'postgres') return sql`${sql.ref(column)} = any(${values})`;
  return sql`${sql.ref(column)} in (select value from json_each(${JSON.stringify(values)}))`;
}

/** A location below another: `mlflow-artifacts:/` + `1` is `mlflow-artifacts:/1`; a query string stays at the end. */
export function joinUri(base: string, ...segments: readonly string[]): string {
  const [path = '', query] = base.split('?', 2);
  const joined = `${path.replace(/\/+$/, '')}/${segments.join('/')}`;
  return query === undefined ? joined : `${joined}?${query}`;
}
