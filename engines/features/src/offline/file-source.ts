import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { FeatureView, FileSource } from '../model.ts';
import type { ValueType } from '../values/value-type.ts';
import type { Column, Connection } from './analytics.ts';
import { name, text } from './sql.ts';

/** A view's Parquet files as a relation, with the columns that it has there. */
export interface ReadableView {
  readonly view: FeatureView;
  readonly source: FileSource;
  readonly relation: string;
  /** The source's column of a key or a feature of the view. */
  readonly column: (name: string) => Column;
}

/**
 * Opens the history of a view.
 * @throws INVALID_STATE where there is none, it cannot be read, or lacks a column; NOT_IMPLEMENTED for sources elsewhere
 */
export async function openView(connection: Connection, view: FeatureView): Promise<ReadableView> {
  const source = fileSourceOf(view);
  const relation = await relationOf(source, view);
  const columns = new Map((await connection.columnsOf(relation)).map((column) => [column.name, column]));
  const inSource = new Map(Object.entries(source.fieldMapping).map(([column, mapped]) => [mapped, column]));
  const column = (wanted: string): Column => {
    const found = columns.get(inSource.get(wanted) ?? wanted);
    if (found !== undefined) return found;
    const has = [...columns.keys()].join(', ');
    throw unreadable(view, `the source '${source.name}' has no column '${inSource.get(wanted) ?? wanted}', but ${has}`);
  };
  return { view, source, relation, column };
}

/** @throws INVALID_STATE, NOT_IMPLEMENTED */
export function fileSourceOf(view: FeatureView): FileSource {
  const { batchSource } = view;
  if (batchSource === undefined) throw unreadable(view, 'it has no source with history');
  if (batchSource.kind === 'file') return batchSource;
  throw new PlatformError(
    'NOT_IMPLEMENTED',
    `view '${view.name}': its source is ${batchSource.type}; this server reads Parquet files.`,
  );
}

async function relationOf({ path }: FileSource, view: FeatureView): Promise<string> {
  if (URL_SCHEME.test(path)) {
    throw new PlatformError(
      'NOT_IMPLEMENTED',
      `view '${view.name}': ${path} is not on this machine; this server reads local Parquet files.`,
    );
  }
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) throw unreadable(view, `there is no file ${path}`);
  if (!facts.isDirectory()) return `read_parquet(${text(path)})`;
  return `read_parquet(${text(join(path, '**', '*.parquet'))}, union_by_name = true, hive_partitioning = true)`;
}

const URL_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Whether a source has files; of one that is not on this machine nobody here makes the first. */
export async function hasHistory({ path }: FileSource): Promise<boolean> {
  if (URL_SCHEME.test(path)) return true;
  const facts = await stat(path).catch(() => undefined);
  if (facts === undefined) return false;
  if (!facts.isDirectory()) return true;
  const isParquet = (name: string) => name.endsWith('.parquet');
  return (await readdir(path)).some(isParquet) || (await readdir(path, { recursive: true })).some(isParquet);
}

/** The columns that a source has in its first file: keys and features as they are declared, then the times. */
export function declaredColumns(source: FileSource, views: readonly FeatureView[]): Column[] {
  const inSource = new Map(Object.entries(source.fieldMapping).map(([column, mapped]) => [mapped, column]));
  const columns = new Map<string, string>();
  for (const view of views) {
    const keys = view.entities.length === 0 ? [] : view.joinKeys;
    for (const { name: field, type } of [...keys, ...view.features]) {
      columns.set(inSource.get(field) ?? field, declaredType(type));
    }
  }
  for (const time of [source.timestampField, source.createdTimestampColumn]) {
    if (time !== undefined) columns.set(time, 'TIMESTAMP WITH TIME ZONE');
  }
  return [...columns].map(([column, type]) => ({ name: column, type }));
}

/** What SQL has no type for is JSON text. */
function declaredType(type: ValueType): string {
  if (type === 'unix_timestamp') return 'TIMESTAMP WITH TIME ZONE';
  const element = type.replace(/_(list|set)$/, '') as ValueType;
  const scalar = element === 'unix_timestamp' ? 'bigint' : SCALARS[element];
  if (scalar === undefined) return 'VARCHAR';
  return (element === type ? scalar : `${scalar}[]`).toUpperCase();
}

function unreadable(view: FeatureView, why: string): PlatformError {
  return new PlatformError('INVALID_STATE', `view '${view.name}': ${why}.`, { field: view.name });
}

/** A time as nanoseconds since 1970: times with and without a zone (UTC) compare, and nothing is rounded. */
export function nanoseconds({ name: column, type }: Column): string {
  if (/^(TIMESTAMP|DATE)/.test(type)) return `epoch_ns(${name(column)})`;
  if (type === 'VARCHAR') return `epoch_ns(${name(column)}::timestamp_ns)`;
  throw new PlatformError('INVALID_STATE', `the column '${column}' holds ${type}, no time.`, { field: column });
}

const SCALARS: Partial<Record<ValueType, string>> = {
  bytes: 'blob',
  string: 'varchar',
  int32: 'integer',
  int64: 'bigint',
  double: 'double',
  float: 'float',
  bool: 'boolean',
  json: 'varchar',
  uuid: 'varchar',
  time_uuid: 'varchar',
  decimal: 'varchar',
};

/** A key or a feature as its declared type. What SQL has no type for comes as JSON text. */
export function typed({ name: column, type }: Column, wanted: ValueType): string {
  const place = name(column);
  const isTime = /^(TIMESTAMP|DATE)/.test(type);
  if (wanted === 'unix_timestamp') return isTime ? wholeSeconds(place) : `${place}::bigint`;
  const element = wanted.replace(/_(list|set)$/, '') as ValueType;
  if (wanted in SCALARS) return `${place}::${SCALARS[wanted]}`;
  if (element === 'unix_timestamp') {
    return isTime ? `list_transform(${place}, lambda x: ${wholeSeconds('x')})` : `${place}::bigint[]`;
  }
  if (element !== wanted && element in SCALARS) return `${place}::${SCALARS[element]}[]`;
  return type === 'VARCHAR' ? place : `to_json(${place})::varchar`;
}

function wholeSeconds(place: string): string {
  return `(epoch_us(${place}) // 1000000)`;
}
