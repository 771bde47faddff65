import { PlatformError } from '@mlops/errors';
import { notFiniteNamed } from '@mlops/json-numbers';
import { invalid, shown } from '../tensor.ts';
import type { Column, ColumnType } from './signature.ts';
import type { Table } from './table.ts';

// MLflow's schema enforcement for columns (mlflow/models/utils.py). What it converts without losing anything is
// converted here too. Where it would lose something without a word (1.5 into a long column becomes 1, a missing text
// becomes "None"), the request is refused.

const INTEGERS: Partial<Record<ColumnType, readonly [bigint, bigint]>> = {
  integer: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
};
/** A number as text, as CSV and careless clients send it. */
export const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The schema's columns, in its order and types; others are left out.
 * @throws INVALID_TENSOR for a missing column and for a value that is not of its column's type
 */
export function enforceColumns(columns: readonly Column[], table: Table): Table {
  const given = [...table.columns.keys()];
  const isNamed = columns.every(({ name }) => name !== undefined);
  if (!isNamed && given.length !== columns.length) {
    throw new PlatformError('INVALID_TENSOR', `Model expects ${columns.length} columns, received ${given.length}.`);
  }
  const names = columns.map((column, i) => column.name ?? given[i] ?? String(i));
  const missing = names.filter((name, i) => columns[i]?.required && !table.columns.has(name));
  if (missing.length > 0)
    throw missingInputs(
      missing,
      given.filter((name) => !names.includes(name)),
    );
  const enforced = columns.flatMap((column, i) => {
    const name = names[i] ?? '';
    const values = table.columns.get(name);
    return values ? [[name, values.map((value) => castValue(column, name, value))] as const] : [];
  });
  return { rows: table.rows, columns: new Map(enforced) };
}

export function missingInputs(missing: readonly string[], extra: readonly string[] = []): PlatformError {
  const note = extra.length > 0 ? ` Note that there were extra inputs: [${quoted(extra)}].` : '';
  return new PlatformError('INVALID_TENSOR', `Model is missing inputs [${quoted(missing)}].${note}`, {
    field: missing[0] ?? '',
  });
}

function quoted(names: readonly string[]): string {
  return names
    .map((name) => `'${name}'`)
    .join(', ')
    .slice(0, 1000);
}

function castValue({ type, required }: Column, name: string, value: unknown): unknown {
  if (value === null || value === undefined) return missingValue(type, required, name);
  switch (type) {
    case 'double':
    case 'float':
      return toNumber(type, name, value);
    case 'long':
    case 'integer':
      return toWhole(type, name, value);
    case 'boolean':
      return toBoolean(name, value);
    case 'string':
      // An integer has one spelling; 1.0 and 1 are the same in JSON, and two strings in Python.
      if (typeof value === 'string') return value;
      if (Number.isSafeInteger(value) || typeof value === 'bigint') return String(value);
      break;
    case 'binary':
      if (typeof value === 'string') return decodeBase64(name, value);
      break;
    case 'datetime':
      if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) return value;
      break;
  }
  throw incompatible(type, name, value);
}

/** A number column's missing value is NaN; other types have none. */
function missingValue(type: ColumnType, required: boolean, name: string): null {
  if (type === 'double' || type === 'float') return null;
  throw invalid(
    name,
    `a value of type ${type} in every row${required ? '' : ' where the column is given'}`,
    'a missing one',
  );
}

function toNumber(type: ColumnType, name: string, value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  if (notFiniteNamed(value) !== undefined) return value;
  if (typeof value === 'string' && NUMBER.test(value)) return Number(value);
  throw incompatible(type, name, value);
}

function toBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean' || value === 0 || value === 1) return Boolean(value);
  if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw incompatible('boolean', name, value);
}

function toWhole(type: ColumnType, name: string, value: unknown): unknown {
  const isText = typeof value === 'string' && /^\s*[+-]?\d{1,20}\s*$/.test(value);
  const isWhole = typeof value === 'bigint' || Number.isSafeInteger(value) || typeof value === 'boolean';
  if (!isText && !isWhole) throw incompatible(type, name, value);
  const whole = BigInt(isText ? value.trim().replace('+', '') : (value as number | bigint | boolean));
  const [low, high] = INTEGERS[type] ?? [0n, 0n];
  if (whole < low || whole > high) throw incompatible(type, name, value);
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
}

function decodeBase64(name: string, value: string): string {
  const compact = value.replace(/\s/g, '');
  if (!BASE64.test(compact)) throw invalid(name, 'base64 text', shown(value));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(compact, 'base64'));
  } catch {
    throw invalid(name, 'bytes that are UTF-8 text (ONNX Runtime for Node takes no others)', shown(value));
  }
}

function incompatible(type: ColumnType, name: string, value: unknown): PlatformError {
  return invalid(name, `values of type ${type}`, shown(value));
}
