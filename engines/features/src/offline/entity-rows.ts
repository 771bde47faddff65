import { rm, writeFile } from 'node:fs/promises';
import type { Project } from '../model.ts';
import { type Frame, rowCount } from '../online/frame.ts';
import { invalid } from '../refusals.ts';
import { type FeatureSelection, select } from '../retrieval/selection.ts';
import { coerceKey } from '../values/coerce.ts';
import { formatInstant, parseInstant } from '../values/instant.ts';
import { writeJson } from '../values/json.ts';
import type { KeyType } from '../values/value-type.ts';
import type { Analytics } from './analytics.ts';
import { name, text } from './sql.ts';

const SQL_KEYS: Readonly<Record<KeyType, string>> = {
  string: 'varchar',
  bytes: 'blob',
  int32: 'integer',
  int64: 'bigint',
  unix_timestamp: 'bigint',
};

interface EntityColumn {
  readonly name: string;
  readonly values: readonly unknown[];
  /** DuckDB's type while the rows are read, and the expression that makes the column of it. */
  readonly read: string;
  readonly expression: string;
}

/**
 * Entity rows from a request as a Parquet file, which the caller deletes: keys are of their declared types, the moments
 * are times, other columns what their values are.
 * @throws INVALID_PARAMETER naming column and row
 */
export async function entityFile(
  analytics: Analytics,
  project: Project,
  selection: FeatureSelection,
  frame: Frame,
  timestampColumn = 'event_timestamp',
): Promise<string> {
  const rows = rowCount(frame);
  const keys = new Map(
    select(project, selection).views.flatMap(({ view, joinKeyMap }) =>
      view.joinKeys.map((key) => [joinKeyMap[key.name] ?? key.name, key.type] as const),
    ),
  );
  const columns = Object.entries(frame).map(([column, values]) =>
    entityColumn(column, values, keys.get(column), column === timestampColumn),
  );
  if (columns.length === 0) throw invalid('entities', 'there are no columns.');
  const lines = analytics.scratch('ndjson');
  const target = analytics.scratch('parquet');
  try {
    await writeFile(lines, linesOf(columns, rows));
    const types = columns.map((column) => `${name(column.name)}: ${text(column.read)}`).join(', ');
    const selected = columns.map((column) => `${column.expression} as ${name(column.name)}`).join(', ');
    await analytics.run((connection) =>
      connection.execute(
        `copy (select ${selected} from read_json(${text(lines)}, format = 'newline_delimited', columns = {${types}})) to ${text(target)} (format parquet)`,
      ),
    );
    return target;
  } finally {
    await rm(lines, { force: true });
  }
}

function entityColumn(
  column: string,
  values: readonly unknown[],
  key: KeyType | undefined,
  isMoment: boolean,
): EntityColumn {
  const place = name(column);
  const where = (i: number) => `entities.${column}[${i}]`;
  if (isMoment) {
    const moments = values.map((value, i) => {
      const instant = typeof value === 'string' ? parseInstant(value) : undefined;
      if (instant === undefined) throw invalid(where(i), 'is not a time as in ISO 8601: 2026-01-31T12:00:00Z.');
      return formatInstant(instant).slice(0, -1);
    });
    return { name: column, values: moments, read: 'varchar', expression: `${place}::timestamp_ns` };
  }
  if (key !== undefined) {
    const checked = values.map((value, i) => (value === null ? null : coerceKey(key, value, where(i))));
    if (key !== 'bytes') return { name: column, values: checked, read: SQL_KEYS[key], expression: place };
    const base64 = checked.map((value) => value && Buffer.from(value as Uint8Array).toString('base64'));
    return { name: column, values: base64, read: 'varchar', expression: `from_base64(${place})` };
  }
  return { name: column, values, read: typeOf(values), expression: place };
}

function typeOf(values: readonly unknown[]): string {
  const known = values.filter((value) => value !== null);
  if (known.every((value) => typeof value === 'boolean')) return 'boolean';
  if (known.every((value) => typeof value === 'bigint' || Number.isSafeInteger(value))) return 'bigint';
  if (known.every((value) => typeof value === 'number' || typeof value === 'bigint')) return 'double';
  return known.every((value) => typeof value === 'string') ? 'varchar' : 'json';
}

function linesOf(columns: readonly EntityColumn[], rows: number): string {
  return Array.from({ length: rows }, (_, row) => {
    return `${writeJson(Object.fromEntries(columns.map(({ name: column, values }) => [column, values[row] ?? null])))}\n`;
  }).join('');
}
