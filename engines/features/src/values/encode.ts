import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type FeatureMap, type FeatureValue, isFeatureMap, ZonedTimestamp } from './feature-value.ts';
import { elementTypeOf, type ScalarType, type ValueType, valueTypes } from './value-type.ts';

/** What a value that is unset looks like: no bytes. */
export const UNSET: Uint8Array = new Uint8Array();

/** The bytes of `feast.types.Value`. Null, and a lone NaN, are an unset value, as Feast writes them. */
export function encodeValue(type: ValueType, value: FeatureValue): Uint8Array {
  if (value === null || Number.isNaN(value)) return UNSET;
  const scalar = encodeScalar(type, value);
  if (scalar !== undefined) return scalar;
  const writer = new BinaryWriter();
  writeValue(writer, type, value);
  return writer.finish();
}

/** The commonest values, for which the writer of messages is too much; undefined for everything else. */
function encodeScalar(type: ValueType, value: FeatureValue): Uint8Array | undefined {
  switch (type) {
    case 'int32':
    case 'int64':
    case 'unix_timestamp':
      return typeof value === 'number' && value >= 0 ? encodeVarint(valueTypes[type] << 3, value) : undefined;
    case 'bool':
      return Uint8Array.of(valueTypes.bool << 3, value === true ? 1 : 0);
    case 'double': {
      const bytes = Buffer.allocUnsafe(9);
      bytes[0] = (valueTypes.double << 3) | WireType.Bit64;
      bytes.writeDoubleLE(value as number, 1);
      return bytes;
    }
    case 'float': {
      const bytes = Buffer.allocUnsafe(5);
      bytes[0] = (valueTypes.float << 3) | WireType.Bit32;
      bytes.writeFloatLE(value as number, 1);
      return bytes;
    }
    default:
      return undefined;
  }
}

/** A tag of one byte, and a number of seven bits a byte, the lowest first. */
function encodeVarint(tag: number, value: number): Uint8Array {
  let length = 2;
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length += 1;
  const bytes = Buffer.allocUnsafe(length);
  bytes[0] = tag;
  let rest = value;
  for (let i = 1; i < length; i++) {
    bytes[i] = (rest % 128) + (i < length - 1 ? 128 : 0);
    rest = Math.floor(rest / 128);
  }
  return bytes;
}

function writeValue(writer: BinaryWriter, type: ValueType, value: FeatureValue): void {
  const field = valueTypes[type];
  const element = elementTypeOf(type);
  if (element !== undefined) {
    writer.tag(field, WireType.LengthDelimited).fork();
    writeElements(writer, element, value as readonly FeatureValue[]);
    writer.join();
    return;
  }
  switch (type) {
    case 'map':
    case 'struct':
      writer.tag(field, WireType.LengthDelimited).fork();
      writeMap(writer, value as FeatureMap);
      writer.join();
      return;
    case 'map_list':
    case 'struct_list':
      writer.tag(field, WireType.LengthDelimited).fork();
      for (const map of value as readonly FeatureMap[]) {
        writer.tag(1, WireType.LengthDelimited).fork();
        writeMap(writer, map);
        writer.join();
      }
      writer.join();
      return;
    case 'value_list':
    case 'value_set':
      writer.tag(field, WireType.LengthDelimited).fork();
      for (const nested of value as readonly FeatureValue[]) writeNested(writer, 1, nested);
      writer.join();
      return;
    case 'zoned_timestamp': {
      const { seconds, zone } = value as ZonedTimestamp;
      writer.tag(field, WireType.LengthDelimited).fork();
      if (seconds !== 0) writer.tag(1, WireType.Varint).int64(seconds);
      if (zone !== '') writer.tag(2, WireType.LengthDelimited).string(zone);
      writer.join();
      return;
    }
    default:
      writer.tag(field, wireTypeOf(type as ScalarType));
      writeScalar(writer, type as ScalarType, value);
  }
}

/** The `val` of a list or a set: numbers are packed into one field, texts and bytes repeat it. */
function writeElements(writer: BinaryWriter, type: ScalarType, values: readonly FeatureValue[]): void {
  if (values.length === 0) return;
  const wire = wireTypeOf(type);
  if (wire === WireType.LengthDelimited) {
    for (const value of values) {
      writer.tag(1, wire);
      writeScalar(writer, type, value);
    }
    return;
  }
  writer.tag(1, WireType.LengthDelimited).fork();
  for (const value of values) writeScalar(writer, type, value);
  writer.join();
}

function wireTypeOf(type: ScalarType): WireType {
  switch (type) {
    case 'double':
      return WireType.Bit64;
    case 'float':
      return WireType.Bit32;
    case 'int32':
    case 'int64':
    case 'bool':
    case 'unix_timestamp':
      return WireType.Varint;
    default:
      return WireType.LengthDelimited;
  }
}

function writeScalar(writer: BinaryWriter, type: ScalarType, value: FeatureValue): void {
  switch (type) {
    case 'bytes':
      writer.bytes(value as Uint8Array<ArrayBuffer>);
      return;
    case 'int32':
      writer.int32(Number(value));
      return;
    case 'int64':
    case 'unix_timestamp':
      writer.int64(value as bigint | number);
      return;
    case 'double':
      writer.double(value as number);
      return;
    case 'float':
      writer.float(value as number);
      return;
    case 'bool':
      writer.bool(value as boolean);
      return;
    default:
      writer.string(value as string);
  }
}

function writeMap(writer: BinaryWriter, map: FeatureMap): void {
  for (const [name, value] of Object.entries(map)) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(name);
    writeNested(writer, 2, value);
    writer.join();
  }
}

/** A value whose type nobody declared: Feast takes the one that its kind suggests. */
function writeNested(writer: BinaryWriter, field: number, value: FeatureValue): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  const type = typeOfValue(value);
  if (type !== undefined) writeValue(writer, type, value);
  writer.join();
}

function typeOfValue(value: FeatureValue): ValueType | undefined {
  if (value === null) return undefined;
  if (Array.isArray(value)) return typeOfList(value as readonly FeatureValue[]);
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof ZonedTimestamp) return 'zoned_timestamp';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'bigint':
      return 'int64';
    case 'number':
      return Number.isSafeInteger(value) ? 'int64' : 'double';
    default:
      return 'map';
  }
}

function typeOfList(values: readonly FeatureValue[]): ValueType | undefined {
  if (values.length === 0) return undefined;
  if (values.every(isFeatureMap)) return 'map_list';
  const types = new Set(values.map(typeOfValue));
  const [only] = types;
  if (types.size === 2 && types.has('int64') && types.has('double')) return 'double_list';
  const isScalar = only === 'bool' || only === 'string' || only === 'int64' || only === 'double' || only === 'bytes';
  return types.size === 1 && isScalar ? `${only}_list` : 'value_list';
}
