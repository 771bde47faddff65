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
import { invalidOrder, parseOrder } from '../search/order.ts';
import type { Page } from '../search/page.ts';
import { compare } from './compare.ts';
import { nameInSql, type TrackingContext } from './context.ts';
import type { VersionRow } from './registry-view.ts';
import type { TrackingTables } from './tables.ts';

interface Search {
  readonly attributes: Readonly<Record<string, { column: string; rule: FieldRule }>>;
  readonly order: Readonly<Record<string, string>>;
  /** The tags of the row `m`. */
  readonly tags: RawBuilder<unknown>;
}

const STRING: FieldRule = { type: 'string', operators: STRING_OPERATORS };
const IS_PROMPT = 'mlflow.prompt.is_prompt';
const TIMES = { creation_timestamp: 'creation_time', last_updated_timestamp: 'last_update_time' };

const MODELS: Search = {
  attributes: { name: { column: 'name', rule: STRING } },
  order: { name: 'name', timestamp: 'last_update_time', ...TIMES },
  tags: sql`registered_model_tags t where t.name = m.name`,
};
const VERSIONS: Search = {
  attributes: {
    name: { column: 'name', rule: STRING },
    run_id: { column: 'run_id', rule: { type: 'string', operators: ['=', 'IN'] } },
    source_path: { column: 'source', rule: STRING },
    version_number: { column: 'version', rule: { type: 'number', operators: NUMBER_OPERATORS } },
  },
  order: { name: 'name', version_number: 'version', ...TIMES },
  tags: sql`model_version_tags t where t.name = m.name and t.version = m.version`,
};

export async function searchModelRows(
  context: TrackingContext,
  request: RequestOf<'searchRegisteredModels'>,
  page: Page,
) {
  const { conditions, order } = translate(context, MODELS, request);
  const { rows } = await sql<Selectable<TrackingTables['registered_models']>>`
    select m.* from registered_models m where m.workspace = ${context.workspace}
    and ${sql.join(conditions, sql` and `)}
    order by ${sql.join([...order, sql`m.name`])}
    limit ${page.limit + 1} offset ${page.offset}`.execute(context.database.query);
  return rows;
}

export async function searchVersionRows(
  context: TrackingContext,
  request: RequestOf<'searchModelVersions'>,
  page: Page,
) {
  const { conditions, order } = translate(context, VERSIONS, request);
  const { rows } = await sql<VersionRow>`
    select m.* from model_versions m where m.deleted = 0
    and m.workspace = ${context.workspace} and ${sql.join(conditions, sql` and `)}
    order by ${sql.join([...order, sql`m.last_update_time desc`, sql`m.name`, sql`m.version desc`])}
    limit ${page.limit + 1} offset ${page.offset}`.execute(context.database.query);
  return rows;
}

function translate(context: TrackingContext, search: Search, request: { filter?: string; order_by?: string[] }) {
  const comparisons = parseFilter(request.filter);
  const conditions = comparisons.map((comparison) => condition(context, search, comparison));
  // Prompts are registered models of a kind; a search shows them only to who asks for them.
  if (!comparisons.some((comparison) => comparison.key === IS_PROMPT)) conditions.push(sql`not ${isPrompt(search)}`);
  const order = parseOrder(request.order_by).map(({ entity, key, descending }) => {
    const column = entity === undefined || entity === 'attribute' ? entryOf(search.order, key) : undefined;
    if (!column)
      throw invalidOrder(`Invalid order by key '${key}'. Valid keys are ${Object.keys(search.order).join(', ')}.`);
    return sql`${sql.ref(`m.${column}`)} ${sql.raw(descending ? 'desc' : 'asc')}`;
  });
  return { conditions, order };
}

function condition(context: TrackingContext, search: Search, comparison: Comparison): RawBuilder<boolean> {
  const { dialect } = context.database;
  const { entity, key, operator, value } = comparison;
  if (entity === 'tag' || entity === 'tags') {
    checkComparison(comparison, 'tag', STRING);
    if (key === IS_PROMPT && value.kind === 'string') {
      const wanted = (value.value === 'true') === (operator === '=');
      return wanted ? isPrompt(search) : sql`not ${isPrompt(search)}`;
    }
    const test = compare(dialect, sql.ref('t.value'), operator, value);
    return sql`exists (select 1 from ${search.tags} and t.key = ${key} and ${test})`;
  }
  if (entity !== undefined && entity !== 'attribute') throw invalidEntity(entity, ['attribute', 'tag', 'tags']);
  const attribute = entryOf(search.attributes, key);
  if (!attribute) throw invalidAttribute(key, Object.keys(search.attributes));
  checkComparison(comparison, 'attribute', attribute.rule);
  const column = attribute.column === 'name' ? nameInSql(context, 'm') : sql.ref(`m.${attribute.column}`);
  return compare(dialect, column, operator, value);
}

function isPrompt(search: Search): RawBuilder<boolean> {
  return sql`exists (select 1 from ${search.tags} and t.key = ${IS_PROMPT} and t.value = 'true')`;
}
