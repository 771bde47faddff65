import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { RequestOf } from '../engine.ts';
import {
  checkComparison,
  entryOf,
  type FieldRule,
  invalidAttribute,
  invalidEntity,
  NULLABLE_STRING_OPERATORS,
  NUMBER_OPERATORS,
  STRING_OPERATORS,
} from '../search/fields.ts';
import { type Comparison, parseFilter } from '../search/filter.ts';
import { invalidOrder, parseOrder } from '../search/order.ts';
import type { Page } from '../search/page.ts';
import { compare } from './compare.ts';
import { nameInSql, type TrackingContext } from './context.ts';
import type { TrackingTables } from './tables.ts';

const ATTRIBUTES: Readonly<Record<string, FieldRule>> = {
  name: { type: 'string', operators: STRING_OPERATORS },
  creation_time: { type: 'number', operators: NUMBER_OPERATORS },
  last_update_time: { type: 'number', operators: NUMBER_OPERATORS },
};
const TAG: FieldRule = { type: 'string', operators: NULLABLE_STRING_OPERATORS };
const ORDER: Readonly<Record<string, string>> = {
  name: 'name',
  experiment_id: 'id',
  creation_time: 'creation_time',
  last_update_time: 'last_update_time',
};

/** One row more than the page, if there is one. */
export async function experimentSearch(
  context: TrackingContext,
  request: RequestOf<'searchExperiments'>,
  page: Page,
): Promise<Selectable<TrackingTables['experiments']>[]> {
  const comparisons = parseFilter(request.filter).map((comparison) => condition(context, comparison));
  let query = context.database.query
    .selectFrom('experiments as e')
    .selectAll()
    .where('workspace', '=', context.workspace);
  if (request.view_type !== 'ALL') {
    query = query.where('lifecycle_stage', '=', request.view_type === 'DELETED_ONLY' ? 'deleted' : 'active');
  }
  for (const comparison of comparisons) query = query.where(comparison);
  for (const { entity, key, descending } of parseOrder(request.order_by)) {
    const column = entity === undefined || entity === 'attribute' ? entryOf(ORDER, key) : undefined;
    if (!column) throw invalidOrder(`Invalid order_by key '${key}'. Valid keys are ${Object.keys(ORDER).join(', ')}.`);
    query = query.orderBy(sql.ref(`e.${column}`), descending ? 'desc' : 'asc');
  }
  return query
    .orderBy('creation_time', 'desc')
    .orderBy('id')
    .limit(page.limit + 1)
    .offset(page.offset)
    .execute();
}

function condition(context: TrackingContext, comparison: Comparison): RawBuilder<boolean> {
  const { dialect } = context.database;
  const { entity, key, operator, value } = comparison;
  if (entity === 'tag' || entity === 'tags') {
    checkComparison(comparison, 'tag', TAG);
    const tag = sql`(select value from experiment_tags t where t.experiment = e.id and t.key = ${key})`;
    return compare(dialect, tag, operator, value);
  }
  if (entity !== undefined && entity !== 'attribute') throw invalidEntity(entity, ['attribute', 'tag', 'tags']);
  const rule = entryOf(ATTRIBUTES, key);
  if (!rule) throw invalidAttribute(key, Object.keys(ATTRIBUTES));
  checkComparison(comparison, 'attribute', rule);
  const column = key === 'name' ? nameInSql(context, 'e') : sql.ref(`e.${key}`);
  return compare(dialect, column, operator, value);
}
