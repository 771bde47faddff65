import { PlatformError } from '@mlops/errors';
import { trimQuotes } from './filter.ts';

export interface OrderItem {
  readonly entity: string | undefined;
  readonly key: string;
  readonly descending: boolean;
}

const ORDER = /^\s*(?:(?<entity>\w+)\.)?(?<key>`[^`]*`|"[^"]*"|[^\s]+?|\w+ \w+)(?:\s+(?<direction>ASC|DESC))?\s*$/i;

/** Each item may take one of the 64 tables that SQLite joins at most. */
const ORDER_ITEMS_MAX = 50;

/** MLflow's order_by items: "metrics.rmse DESC", "tags.`a b`", "start_time". @throws INVALID_PARAMETER */
export function parseOrder(items: readonly string[] | undefined): readonly OrderItem[] {
  const parsed = boundedOrder(items).map(parseItem);
  const seen = new Set<string>();
  for (const { entity, key } of parsed) {
    const name = `${entity ?? ''}.${key}`;
    if (seen.has(name)) throw invalidOrder(`\`order_by\` contains duplicate fields: '${key}'.`);
    seen.add(name);
  }
  return parsed;
}

/** @throws INVALID_PARAMETER for more items than a search can order by */
export function boundedOrder<T>(items: readonly T[] = []): readonly T[] {
  if (items.length > ORDER_ITEMS_MAX) throw invalidOrder(`\`order_by\` has more than ${ORDER_ITEMS_MAX} items.`);
  return items;
}

function parseItem(item: string): OrderItem {
  const groups = ORDER.exec(item)?.groups;
  if (!groups?.key) throw invalidOrder(`Invalid order_by clause '${item}'. Could not be parsed.`);
  return {
    entity: groups.entity,
    key: trimQuotes(groups.key),
    descending: groups.direction?.toUpperCase() === 'DESC',
  };
}

export function invalidOrder(message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field: 'order_by' });
}
