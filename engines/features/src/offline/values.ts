import { DuckDBBlobValue, DuckDBListValue, type DuckDBValue } from '@duckdb/node-api';
import { coerceValue } from '../values/coerce.ts';
import type { FeatureValue } from '../values/feature-value.ts';
import { elementTypeOf, type ValueType } from '../values/value-type.ts';

const AS_JSON = new Set<ValueType>(['map', 'map_list', 'struct', 'struct_list', 'value_list', 'value_set']);

/** A value that was selected as `typed` says. @throws INVALID_PARAMETER naming the place, where it cannot be of its type */
export function featureValueOf(type: ValueType, value: DuckDBValue, where: string): FeatureValue {
  if (value === null) return null;
  if (AS_JSON.has(type) || type === 'zoned_timestamp') return coerceValue(type, parsed(value), where);
  if (value instanceof DuckDBListValue) {
    const element = elementTypeOf(type);
    // A gap in a list of floats is what pandas makes of it; other lists have none.
    return value.items.map((item, i) => {
      if (item === null && (element === 'double' || element === 'float')) return Number.NaN;
      return item === null ? coerceValue(type, [null], `${where}[${i}]`) : plain(item);
    });
  }
  return plain(value);
}

function plain(value: DuckDBValue): FeatureValue {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return value as FeatureValue;
}

function parsed(value: DuckDBValue): unknown {
  return typeof value === 'string' && /^[[{]/.test(value.trim()) ? (JSON.parse(value) as unknown) : value;
}
