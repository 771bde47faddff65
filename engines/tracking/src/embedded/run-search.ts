import { PlatformError } from '@mlops/errors';
import { type RawBuilder, sql } from 'kysely';
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
import { invalidOrder, type OrderItem, parseOrder } from '../search/order.ts';
import type { Page } from '../search/page.ts';
import { compare } from './compare.ts';
import { isIn, ownExperiments, type TrackingContext } from './context.ts';
import type { RunRow } from './tables.ts';
import { experimentNumber } from './validation.ts';

type Entity = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset';
const ENTITIES: Readonly<Record<string, Entity>> = {
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
};
const TABLES = { metric: 'latest_metrics', param: 'params', tag: 'tags' } as const;

const METRIC: FieldRule = { type: 'number', operators: NUMBER_OPERATORS };
const TEXT: FieldRule = { type: 'string', operators: NULLABLE_STRING_OPERATORS };
const NUMBER: FieldRule = { type: 'number', operators: NUMBER_OPERATORS };
const STRING: FieldRule = { type: 'string', operators: STRING_OPERATORS };
const LISTED: FieldRule = { type: 'string', operators: [...STRING_OPERATORS, 'IN', 'NOT IN'] };

const ATTRIBUTES: Readonly<Record<string, { column: string; rule: FieldRule }>> = {
  run_id: { column: 'run_id', rule: LISTED },
  run_name: { column: 'name', rule: STRING },
  'run name': { column: 'name', rule: STRING },
  'Run name': { column: 'name', rule: STRING },
  'Run Name': { column: 'name', rule: STRING },
  user_id: { column: 'user_id', rule: STRING },
  status: { column: 'status', rule: STRING },
  artifact_uri: { column: 'artifact_uri', rule: STRING },
  start_time: { column: 'start_time', rule: NUMBER },
  created: { column: 'start_time', rule: NUMBER },
  Created: { column: 'start_time', rule: NUMBER },
  end_time: { column: 'end_time', rule: NUMBER },
};
const DATASET: Readonly<Record<string, FieldRule>> = { name: LISTED, digest: LISTED, context: STRING };
/** With ORDER_ITEMS_MAX and the runs themselves, fewer than the 64 tables that SQLite joins. */
const JOINED_COMPARISONS_MAX = 10;
const DATASET_CONTEXT_TAG = 'mlflow.data.context';

/** One row more than the page, if there is one. @throws INVALID_PARAMETER */
export async function searchRunRows(
  context: TrackingContext,
  request: RequestOf<'searchRuns'>,
  page: Page,
): Promise<RunRow[]> {
  const asked = (request.experiment_ids ?? []).map(experimentNumber);
  const clauses = parseFilter(request.filter).map((comparison, i) => clause(context, comparison, i));
  const orders = parseOrder(request.order_by).map(order);
  const experiments = await ownExperiments(context, asked);
  if (experiments.length === 0) return [];
  const conditions = [
    isIn(context, 'r.experiment', experiments),
    ...stageCondition(request.run_view_type),
    ...clauses.flatMap((each) => each.condition ?? []),
  ];
  const joins = [...clauses.flatMap((each) => each.join ?? []), ...orders.flatMap((each) => each.join ?? [])];
  const ordering = [...orders.map((each) => each.by), sql`r.start_time desc`, sql`r.run_id`];
  const { rows } = await sql<RunRow>`
    select r.* from runs r ${sql.join(joins, sql` `)}
    where ${sql.join(conditions, sql` and `)}
    order by ${sql.join(ordering)}
    limit ${page.limit + 1} offset ${page.offset}`.execute(context.database.query);
  return rows;
}

function stageCondition(view: RequestOf<'searchRuns'>['run_view_type']): RawBuilder<boolean>[] {
  if (view === 'ALL') return [];
  return [sql`r.lifecycle_stage = ${view === 'DELETED_ONLY' ? 'deleted' : 'active'}`];
}

interface Clause {
  readonly join?: RawBuilder<unknown>;
  readonly condition?: RawBuilder<boolean>;
}

function clause(context: TrackingContext, comparison: Comparison, index: number): Clause {
  const { dialect } = context.database;
  const { key, operator, value } = comparison;
  const entity = entityOf(comparison.entity);
  if (entity === 'attribute') {
    const attribute = attributeOf(key);
    if ((operator === 'IN' || operator === 'NOT IN') && key !== 'run_id') {
      throw new PlatformError(
        'INVALID_PARAMETER',
        "Only the 'run_id' attribute supports comparison with a list of quoted string values.",
        { field: 'filter' },
      );
    }
    checkComparison(comparison, 'attribute', attribute.rule);
    return { condition: compare(dialect, sql.ref(`r.${attribute.column}`), operator, value) };
  }
  if (entity === 'dataset') return { condition: datasetCondition(context, comparison) };
  checkComparison(comparison, entity, entity === 'metric' ? METRIC : TEXT);
  const alias = `c${index}`;
  const table = sql.table(TABLES[entity]);
  if (operator === 'IS NULL') {
    return { condition: sql`not exists (select 1 from ${table} n where n.run = r.id and n.key = ${key})` };
  }
  const on = [sql`${sql.ref(`${alias}.run`)} = r.id`, sql`${sql.ref(`${alias}.key`)} = ${key}`];
  if (entity === 'metric') on.push(sql`${sql.ref(`${alias}.is_nan`)} = 0`);
  if (operator !== 'IS NOT NULL') on.push(compare(dialect, sql.ref(`${alias}.value`), operator, value));
  const where = sql.join(on, sql` and `);
  // Each run has a key once: an inner join keeps one row for each run, and lets the database start from the value's index.
  return index < JOINED_COMPARISONS_MAX
    ? { join: sql`join ${table} as ${sql.ref(alias)} on ${where}` }
    : { condition: sql`exists (select 1 from ${table} as ${sql.ref(alias)} where ${where})` };
}

function datasetCondition({ database: { dialect } }: TrackingContext, comparison: Comparison): RawBuilder<boolean> {
  const rule = entryOf(DATASET, comparison.key);
  if (!rule) throw invalidAttribute(comparison.key, Object.keys(DATASET));
  checkComparison(comparison, 'dataset', rule);
  const column = comparison.key === 'context' ? 't.value' : `d.${comparison.key}`;
  const test = compare(dialect, sql.ref(column), comparison.operator, comparison.value);
  return sql`exists (
    select 1 from run_datasets i join datasets d on d.id = i.dataset
    left join run_dataset_tags t on t.run = i.run and t.dataset = i.dataset and t.key = ${DATASET_CONTEXT_TAG}
    where i.run = r.id and ${test})`;
}

/** What is missing comes last in both directions, NaN just before. */
function order(
  { entity: prefix, key, descending }: OrderItem,
  index: number,
): { join?: RawBuilder<unknown>; by: RawBuilder<unknown> } {
  const direction = sql.raw(descending ? 'desc' : 'asc');
  const entity = entityOf(prefix);
  if (entity === 'dataset') throw invalidOrder(`Invalid ordering key in order_by clause '${prefix}.${key}'.`);
  if (entity === 'attribute') {
    const column = sql.ref(`r.${attributeOf(key).column}`);
    return { by: sql`case when ${column} is null then 1 else 0 end, ${column} ${direction}` };
  }
  const alias = `o${index}`;
  const column = sql.ref(`${alias}.value`);
  const rank =
    entity === 'metric'
      ? sql`case when ${column} is null then 2 when ${sql.ref(`${alias}.is_nan`)} = 1 then 1 else 0 end`
      : sql`case when ${column} is null then 2 else 0 end`;
  return {
    join: sql`left join ${sql.table(TABLES[entity])} as ${sql.ref(alias)} on ${sql.ref(`${alias}.run`)} = r.id and ${sql.ref(`${alias}.key`)} = ${key}`,
    by: sql`${rank}, ${column} ${direction}`,
  };
}

function entityOf(prefix: string | undefined): Entity {
  if (prefix === undefined) return 'attribute';
  const entity = entryOf(ENTITIES, prefix);
  if (!entity) throw invalidEntity(prefix, ['metric', 'parameter', 'tag', 'attribute', 'dataset']);
  return entity;
}

function attributeOf(key: string): { column: string; rule: FieldRule } {
  const attribute = entryOf(ATTRIBUTES, key);
  if (!attribute) throw invalidAttribute(key, Object.keys(ATTRIBUTES));
  return attribute;
}
