import { type RawBuilder, type Selectable, sql } from 'kysely';
import type { RequestOf } from '../engine.ts';
import {
  checkComparison,
  entryOf,
  type FieldRule,
  invalidAttribute,
  invalidEntity,
  NUMBER_OPERATORS,
  STRING_OPERATORS,
} from '../search/fields.ts';
import { type Comparison, parseFilter } from '../search/filter.ts';
import { boundedOrder, invalidOrder } from '../search/order.ts';
import type { Page } from '../search/page.ts';
import { compare } from './compare.ts';
import { isIn, ownExperiments, type TrackingContext } from './context.ts';
import type { TrackingTables } from './tables.ts';
import { experimentNumber, invalid } from './validation.ts';

type Request = RequestOf<'searchLoggedModels'>;

const TEXT: FieldRule = { type: 'string', operators: [...STRING_OPERATORS, 'IN', 'NOT IN'] };
const NUMBER: FieldRule = { type: 'number', operators: NUMBER_OPERATORS };
const ATTRIBUTES: Readonly<Record<string, { column: string; rule: FieldRule }>> = {
  name: { column: 'name', rule: TEXT },
  model_id: { column: 'model_id', rule: TEXT },
  model_type: { column: 'model_type', rule: TEXT },
  status: { column: 'status', rule: TEXT },
  source_run_id: { column: 'source_run_id', rule: TEXT },
  creation_timestamp: { column: 'creation_time', rule: NUMBER },
  creation_time: { column: 'creation_time', rule: NUMBER },
  last_updated_timestamp: { column: 'last_update_time', rule: NUMBER },
};
const DATASETS_MAX = 100;
const STATUS_PREFIX = 'LOGGED_MODEL_';

/** One row more than the page, if there is one. @throws INVALID_PARAMETER */
export async function loggedModelSearch(
  context: TrackingContext,
  request: Request,
  page: Page,
): Promise<Selectable<TrackingTables['logged_models']>[]> {
  checkDatasets(request.datasets);
  const asked = (request.experiment_ids ?? []).map(experimentNumber);
  const conditions = parseFilter(request.filter).map((comparison) => condition(context, comparison, request.datasets));
  const order = boundedOrder(request.order_by).map(orderBy);
  const experiments = await ownExperiments(context, asked);
  const { rows } = await sql<Selectable<TrackingTables['logged_models']>>`
    select m.* from logged_models m
    where ${sql.join([sql`m.lifecycle_stage = 'active'`, isIn(context, 'm.experiment', experiments), ...conditions], sql` and `)}
    order by ${sql.join([...order, sql`m.creation_time desc`, sql`m.model_id`])}
    limit ${page.limit + 1} offset ${page.offset}`.execute(context.database.query);
  return rows;
}

function condition(
  { database: { dialect } }: TrackingContext,
  comparison: Comparison,
  datasets: Request['datasets'],
): RawBuilder<boolean> {
  const { entity, key, operator, value } = comparison;
  if (entity === undefined || entity === 'attribute' || entity === 'attributes') {
    const attribute = entryOf(ATTRIBUTES, key);
    if (!attribute) throw invalidAttribute(key, Object.keys(ATTRIBUTES));
    checkComparison(comparison, 'attribute', attribute.rule);
    const isStatus = key === 'status' && value.kind === 'string' && !value.value.startsWith(STATUS_PREFIX);
    const wanted = isStatus ? { ...value, value: STATUS_PREFIX + value.value } : value;
    return compare(dialect, sql.ref(`m.${attribute.column}`), operator, wanted);
  }
  if (entity === 'metrics') {
    checkComparison(comparison, 'metric', NUMBER);
    const test = compare(dialect, sql.ref('x.value'), operator, value);
    return sql`exists (select 1 from logged_model_metrics x
      where x.model_id = m.model_id and x.key = ${key} and x.is_nan = 0 and ${test}${ofDatasets(datasets)})`;
  }
  if (entity !== 'params' && entity !== 'tags')
    throw invalidEntity(entity, ['attributes', 'metrics', 'params', 'tags']);
  checkComparison(comparison, entity, TEXT);
  const test = compare(dialect, sql.ref('x.value'), operator, value);
  return sql`exists (select 1 from ${sql.table(`logged_model_${entity}`)} x
    where x.model_id = m.model_id and x.key = ${key} and ${test})`;
}

function checkDatasets(datasets: Request['datasets']): void {
  if (datasets && datasets.length > DATASETS_MAX)
    throw invalid('datasets', `'datasets' has more than ${DATASETS_MAX} items.`);
}

function ofDatasets(datasets: Request['datasets']): RawBuilder<unknown> {
  if (!datasets || datasets.length === 0) return sql``;
  const each = datasets.map(({ dataset_name: name, dataset_digest: digest }) =>
    digest ? sql`(x.dataset_name = ${name} and x.dataset_digest = ${digest})` : sql`x.dataset_name = ${name}`,
  );
  return sql` and (${sql.join(each, sql` or `)})`;
}

function orderBy({
  field_name,
  ascending = true,
  dataset_name,
  dataset_digest,
}: NonNullable<Request['order_by']>[number]) {
  const direction = sql.raw(ascending ? 'asc' : 'desc');
  const point = field_name.indexOf('.');
  if (point >= 0 && field_name.slice(0, point) === 'metrics') {
    const datasets = dataset_name ? [{ dataset_name, ...(dataset_digest ? { dataset_digest } : {}) }] : undefined;
    const latest = sql`(select x.value from logged_model_metrics x where x.model_id = m.model_id
      and x.key = ${field_name.slice(point + 1)} and x.is_nan = 0${ofDatasets(datasets)}
      order by x.step desc, x.timestamp desc limit 1)`;
    return sql`case when ${latest} is null then 1 else 0 end, ${latest} ${direction}`;
  }
  const attribute = entryOf(ATTRIBUTES, field_name.replace(/^attributes?\./, ''));
  if (!attribute)
    throw invalidOrder(
      `Invalid order_by field '${field_name}'. Valid are metrics.<key>, ${Object.keys(ATTRIBUTES).join(', ')}.`,
    );
  return sql`${sql.ref(`m.${attribute.column}`)} ${direction}`;
}
