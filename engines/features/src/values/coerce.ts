import { PlatformError } from '@mlops/errors';
import { notFiniteNamed } from '@mlops/json-numbers';
import type { KeyValue } from './entity-key.ts';
import { type FeatureMap, type FeatureValue, ZonedTimestamp } from './feature-value.ts';
import { parseInstant } from './instant.ts';
import { elementTypeOf, type KeyType, type ScalarType, type ValueType } from './value-type.ts';

const INT32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const INT64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const UUID = /^[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i;
const INTEGER = /^[+-]?\d+$/;

/**
 * A JSON value as a feature's value of a declared type: what Feast's server also makes of it. Bytes are base64, times
 * are seconds or ISO 8601, maps are objects or their JSON text.
 * @param where the value's place, for the message
 * @throws INVALID_PARAMETER
 */
export function coerceValue(type: ValueType, value: unknown, where: string): FeatureValue {
  if (value === null || value === undefined) return null;
  const element = elementTypeOf(type);
  if (element !== undefined) {
    if (!Array.isArray(value)) throw invalid(where, value, `a list of ${element}`);
    return value.map((item, i) => coerceScalar(element, item, `${where}[${i}]`));
  }
  switch (type) {
    case 'map':
    case 'struct':
      return toMap(value, where);
    case 'map_list':
    case 'struct_list': {
      const list = fromJsonText(value);
      if (!Array.isArray(list)) throw invalid(where, value, 'a list of objects');
      return list.map((item, i) => toMap(item, `${where}[${i}]`));
    }
    case 'value_list':
    case 'value_set':
      if (!Array.isArray(value)) throw invalid(where, value, 'a list of lists');
      return value.map((item) => toFree(item, where));
    case 'zoned_timestamp':
      return toZoned(value, where);
    case 'scalar_map':
      throw new PlatformError('NOT_IMPLEMENTED', `${where}: maps whose keys are not text cannot be written as JSON.`);
    default:
      return coerceScalar(type as ScalarType, value, where);
  }
}

/** A JSON value as a key column's value. @throws INVALID_PARAMETER, also for null: a key is always known */
export function coerceKey(type: KeyType, value: unknown, where: string): KeyValue {
  if (value === null || value === undefined) throw invalid(where, value, `${type}, not null`);
  return coerceScalar(type, value, where) as KeyValue;
}

function coerceScalar(type: ScalarType, value: unknown, where: string): FeatureValue {
  switch (type) {
    case 'int32':
      return toInteger(value, INT32, type, where);
    case 'int64':
      return toInteger(value, INT64, type, where);
    case 'double':
    case 'float':
      return toFloat(type, value, where);
    case 'bool':
      if (typeof value !== 'boolean') throw invalid(where, value, 'true or false');
      return value;
    case 'unix_timestamp':
      return toSeconds(value, where);
    case 'bytes':
      if (typeof value !== 'string' || !BASE64.test(value)) throw invalid(where, value, 'bytes as base64');
      return Buffer.from(value, 'base64');
    case 'json':
      return toJsonText(value, where);
    case 'decimal':
      if (typeof value === 'number' || typeof value === 'bigint') return String(value);
      if (typeof value !== 'string' || !DECIMAL.test(value)) throw invalid(where, value, 'a decimal number as text');
      return value;
    case 'uuid':
    case 'time_uuid':
      if (typeof value !== 'string' || !UUID.test(value)) throw invalid(where, value, 'a UUID');
      return value;
    default:
      return toText(value, where);
  }
}

function toText(value: unknown, where: string): string {
  if (typeof value !== 'string') throw invalid(where, value, 'text');
  if (!value.isWellFormed()) throw invalid(where, value, 'well-formed Unicode');
  return value;
}

/** Whole numbers, also where they are written as text or as a float: a column with gaps arrives as floats from pandas. */
function toInteger(value: unknown, { min, max }: typeof INT32, type: string, where: string): number | bigint {
  const isWhole =
    typeof value === 'bigint' || Number.isInteger(value) || (typeof value === 'string' && INTEGER.test(value));
  if (!isWhole) throw invalid(where, value, type);
  const whole = BigInt(value as number | bigint | string);
  if (whole < min || whole > max) throw invalid(where, value, `${type}, from ${min} to ${max}`);
  const number = Number(whole);
  return Number.isSafeInteger(number) ? number : whole;
}

function toFloat(type: 'double' | 'float', value: unknown, where: string): number {
  const number =
    typeof value === 'string' ? (notFiniteNamed(value) ?? (DECIMAL.test(value) ? Number(value) : undefined)) : value;
  if (typeof number !== 'number' && typeof number !== 'bigint') throw invalid(where, value, 'a number');
  const double = Number(number);
  if (type === 'double') return double;
  const single = Math.fround(double);
  if (Number.isFinite(double) && !Number.isFinite(single))
    throw invalid(where, value, 'a number that a float can hold');
  return single;
}

function toSeconds(value: unknown, where: string): number | bigint {
  if (typeof value !== 'string' || INTEGER.test(value)) return toInteger(value, INT64, 'seconds since 1970', where);
  const instant = parseInstant(value);
  if (instant === undefined) throw invalid(where, value, 'seconds since 1970, or a time as in ISO 8601');
  return instant.seconds;
}

function toJsonText(value: unknown, where: string): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  try {
    JSON.parse(value);
  } catch {
    throw invalid(where, value, 'JSON text');
  }
  return toText(value, where);
}

function toMap(value: unknown, where: string): FeatureMap {
  const map = fromJsonText(value);
  if (typeof map !== 'object' || map === null || Array.isArray(map)) throw invalid(where, value, 'an object');
  return Object.fromEntries(Object.entries(map).map(([name, item]) => [name, toFree(item, `${where}.${name}`)]));
}

/** Clients send maps also as their JSON text. */
function fromJsonText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

/** A value inside of a map or of a nested list, for which no type is declared. */
function toFree(value: unknown, where: string): FeatureValue {
  if (Array.isArray(value)) return value.map((item) => toFree(item, where));
  if (typeof value === 'object' && value !== null) return toMap(value, where);
  if (typeof value === 'string') return toText(value, where);
  return (value ?? null) as FeatureValue;
}

function toZoned(value: unknown, where: string): ZonedTimestamp {
  const instant = typeof value === 'string' ? parseInstant(value) : undefined;
  if (instant === undefined) throw invalid(where, value, 'a time with its zone, as in ISO 8601');
  const [zone = 'Z'] = /(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$/i.exec(String(value).trim().slice(10)) ?? [];
  const [, hours, minutes = '00'] = /^([+-]\d{2}):?(\d{2})?$/.exec(zone) ?? [];
  return new ZonedTimestamp(instant.seconds, hours === undefined ? 'UTC' : `${hours}:${minutes}`);
}

function invalid(where: string, value: unknown, expected: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', `${where}: ${shown(value)} is not ${expected}.`, { field: where });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
