import type { DialectName } from '@mlops/database';
import { type RawBuilder, sql } from 'kysely';
import type { FilterValue, Operator } from '../search/filter.ts';

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
  if (plain) return sql`${column} ${sql.raw(plain)} ${value.value}`;
  const noEscape = sql.raw(dialect === 'postgres' ? " escape ''" : '');
  if (operator === 'LIKE') return sql`${column} like ${value.value}${noEscape}`;
  return sql`lower(${column}) like lower(${value.value})${noEscape}`;
}
