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
  /** Whose things these are: nothing of another workspace is found, nor shown. */
  readonly workspace: string;
}

export const DEFAULT_WORKSPACE = 'default';
/** Between a workspace and a name, where both are one key; no name has it. */
const SEPARATOR = '\u001f';

/**
 * A name as it is stored: names are unique within a workspace, so the key of another one than `default` begins with it.
 * Whatever is looked up by its key is thereby looked up in the workspace.
 */
export function keyOf({ workspace }: Pick<TrackingContext, 'workspace'>, name: string): string {
  // Doubled, it is in no name that was ever stored: nobody reaches another workspace by writing it out.
  const safe = name.replaceAll(SEPARATOR, SEPARATOR + SEPARATOR);
  return workspace === DEFAULT_WORKSPACE ? safe : `${workspace}${SEPARATOR}${safe}`;
}

/** A stored name as its workspace knows it. */
export function nameOf(key: string): string {
  return key.slice(key.indexOf(SEPARATOR) + 1);
}

/** The name of a row `alias`, in SQL. */
export function nameInSql({ workspace }: Pick<TrackingContext, 'workspace'>, alias: string): RawBuilder<string> {
  const column = sql.ref<string>(`${alias}.name`);
  return workspace === DEFAULT_WORKSPACE ? sql`${column}` : sql`substr(${column}, ${workspace.length + 2})`;
}

/** That the experiment of a row of `table` is of the workspace. */
export function ofWorkspace({ workspace }: Pick<TrackingContext, 'workspace'>, table: string): RawBuilder<boolean> {
  return sql`exists (select 1 from experiments w where w.id = ${sql.ref(`${table}.experiment`)} and w.workspace = ${workspace})`;
}

/** Those of the experiments that are of the workspace. */
export async function ownExperiments(context: TrackingContext, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const rows = await context.database.query
    .selectFrom('experiments')
    .select('id')
    .where('workspace', '=', context.workspace)
    .where(isIn(context, 'id', ids))
    .execute();
  return rows.map(({ id }) => id);
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
