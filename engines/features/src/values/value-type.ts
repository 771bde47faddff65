/**
 * The types that a feature can have: Feast's, by its numbers. A number is also the field of `feast.types.Value` that
 * holds such a value, and what an entity key carries in front of it.
 */
export const valueTypes = {
  bytes: 1,
  string: 2,
  int32: 3,
  int64: 4,
  double: 5,
  float: 6,
  bool: 7,
  unix_timestamp: 8,
  bytes_list: 11,
  string_list: 12,
  int32_list: 13,
  int64_list: 14,
  double_list: 15,
  float_list: 16,
  bool_list: 17,
  unix_timestamp_list: 18,
  map: 20,
  map_list: 21,
  bytes_set: 22,
  string_set: 23,
  int32_set: 24,
  int64_set: 25,
  double_set: 26,
  float_set: 27,
  bool_set: 28,
  unix_timestamp_set: 29,
  json: 32,
  json_list: 33,
  struct: 34,
  struct_list: 35,
  uuid: 36,
  time_uuid: 37,
  uuid_list: 38,
  time_uuid_list: 39,
  uuid_set: 40,
  time_uuid_set: 41,
  value_list: 42,
  value_set: 43,
  decimal: 44,
  decimal_list: 45,
  decimal_set: 46,
  scalar_map: 47,
  zoned_timestamp: 48,
} as const;

export type ValueType = keyof typeof valueTypes;
export const valueTypeNames = Object.keys(valueTypes) as readonly ValueType[];

const byNumber = new Map<number, ValueType>(valueTypeNames.map((name) => [valueTypes[name], name]));

/** The type of a number of Feast's enum; undefined for those that no feature can have (INVALID, NULL) or that are not known. */
export function valueTypeOf(number: number): ValueType | undefined {
  return byNumber.get(number);
}

/** The scalar types, each with what its lists and sets hold. */
export type ScalarType =
  | 'bytes'
  | 'string'
  | 'int32'
  | 'int64'
  | 'double'
  | 'float'
  | 'bool'
  | 'unix_timestamp'
  | 'json'
  | 'uuid'
  | 'time_uuid'
  | 'decimal';

const COLLECTION = /_(?:list|set)$/;

/** What a list or a set of scalars holds; undefined for every other type. */
export function elementTypeOf(type: ValueType): ScalarType | undefined {
  if (!COLLECTION.test(type) || /^(map|struct|value)_/.test(type)) return undefined;
  return type.replace(COLLECTION, '') as ScalarType;
}

/** The types by which a row can be found: Feast makes keys of these only. */
export const keyTypes = ['string', 'int64', 'int32', 'bytes', 'unix_timestamp'] as const;
export type KeyType = (typeof keyTypes)[number];

export function isKeyType(type: ValueType): type is KeyType {
  return (keyTypes as readonly ValueType[]).includes(type);
}
