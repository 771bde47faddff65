import type { DialectName } from '@mlops/database';
import { type RawBuilder, sql } from 'kysely';
import { type FilterValue, invalidFilter, type Operator } from '../search/filter.ts';

/** SQLite's own limit of a pattern's length. */
const PATTERN_BYTES_MAX = 50_000;
const PLAIN: Partial<Record<Operator, string>> = { '=': '=', '!=': '!=', '>': '>', '>=': '>=', '<': '<', '<=': '<=' };

/** One checked comparison as SQL. LIKE is case-sensitive on both dialects and knows no escapes, as in MLflow. */
export function compare(
  dialect: DialectName,
  column: RawBuilder<unknown>,
  operator: Operator,
  value: FilterValue,
): RawBuilder<boolean> {
  if (value.kind === 'none') return operator === 'IS NULL' ? sql`${column} is null` : sql`${column} is not null`;
  if (value.kind === 'list') {
    const items = sql.join(value.value);
    return operator === 'IN' ? sql`${column} in (${items})` : sql`${column} not in (${items})`;
  }
  const plain = PLAIN[operator];
  if (plain && dialect === 'postgres' && value.kind === 'number' && !Number.isSafeInteger(value.value)) {
    // PostgreSQL takes neither a fraction nor what is beyond 2^63 as the partner of an integer column.
    return sql`${column}::float8 ${sql.raw(plain)} ${value.value}::float8`;
  }
  if (plain) return sql`${column} ${sql.raw(plain)} ${value.value}`;
  if (Buffer.byteLength(String(value.value)) > PATTERN_BYTES_MAX) {
    throw invalidFilter(`The pattern of ${operator} is longer than ${PATTERN_BYTES_MAX} bytes.`);
  }
  const noEscape = sql.raw(dialect === 'postgres' ? " escape ''" : '');
  if (operator === 'LIKE') return sql`${column} like ${value.value}${noEscape}`;
  return sql`lower(${column}) like lower(${value.value})${noEscape}`;
}
