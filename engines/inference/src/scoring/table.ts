import { PlatformError } from '@mlops/errors';

/** Columns by name, each with a value for every row; null where a row has none. */
export interface Table {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRecords(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRecord);
}

/** pandas' "split" form; without column names they are 0, 1, 2 … @throws INVALID_PARAMETER */
export function splitTable(content: unknown): Table {
  if (!isRecord(content)) throw wrong('dataframe_split', 'must be an object with the columns and the data');
  const { columns, data, index, ...rest } = content;
  const [extra] = Object.keys(rest);
  if (extra !== undefined) throw wrong('dataframe_split', `has columns, data and index, not '${extra.slice(0, 100)}'`);
  if (!Array.isArray(data) || !data.every(Array.isArray))
    throw wrong('dataframe_split', 'must have data: a list of rows');
  if (columns !== undefined && !Array.isArray(columns)) throw wrong('dataframe_split', 'has a list as columns');
  if (index !== undefined && !Array.isArray(index)) throw wrong('dataframe_split', 'has a list as index');
  const rows = data as unknown[][];
  const names = (columns as unknown[] | undefined)?.map(String) ?? (rows[0] ?? []).map((_, place) => String(place));
  return positional(names, rows, 'dataframe_split');
}

/** pandas' "records" form. @throws INVALID_PARAMETER */
export function recordTable(content: unknown, form: string): Table {
  if (!Array.isArray(content) || !content.every(isRecord)) {
    throw wrong(form, 'must be a list of objects, one for each row');
  }
  const names = new Set(content.flatMap((record) => Object.keys(record)));
  const columns = [...names].map(
    (name) => [name, content.map((record) => (Object.hasOwn(record, name) ? record[name] : null))] as const,
  );
  return { rows: content.length, columns: new Map(columns) };
}

/** Lists by column name; a single value is a column of one row. @throws INVALID_PARAMETER */
export function columnTable(content: Record<string, unknown>): Table {
  const columns = Object.entries(content).map(
    ([name, values]) => [name, Array.isArray(values) ? (values as unknown[]) : [values]] as const,
  );
  const rows = columns[0]?.[1].length ?? 0;
  if (columns.some(([, values]) => values.length !== rows)) {
    throw wrong(
      'inputs',
      'have columns of different lengths: The length of values for each input/column name are not the same',
    );
  }
  return { rows, columns: new Map(columns) };
}

/** Rows of values in the order of the names. @throws INVALID_PARAMETER */
export function positional(names: readonly string[], rows: readonly (readonly unknown[])[], form: string): Table {
  if (new Set(names).size !== names.length) throw wrong(form, 'names a column twice');
  const odd = rows.findIndex((row) => row.length !== names.length);
  if (odd >= 0) {
    throw wrong(
      form,
      `has ${names.length} columns (${names.join(', ').slice(0, 300)}), its row ${odd} has ${rows[odd]?.length} values`,
    );
  }
  return { rows: rows.length, columns: new Map(names.map((name, i) => [name, rows.map((row) => row[i])])) };
}

function wrong(form: string, what: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', `Invalid input. ${form} ${what}.`, { field: form });
}
