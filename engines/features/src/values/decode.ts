import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { toJsonNumber } from '@mlops/json-numbers';
import { type FeatureValue, ZonedTimestamp } from './feature-value.ts';
import { elementTypeOf, type ScalarType, valueTypeOf } from './value-type.ts';

/** What a reader of values makes of their parts. */
interface Sink<T> {
  readonly nothing: T;
  boolean(value: boolean): T;
  integer(value: number | bigint): T;
  float(value: number): T;
  text(value: string): T;
  bytes(value: Uint8Array): T;
  list(values: T[]): T;
  map(entries: [string, T][]): T;
  zoned(seconds: number, zone: string): T;
}

/** The bytes of `feast.types.Value` as a value of this process. @throws where they are not */
export function decodeValue(bytes: Uint8Array): FeatureValue {
  return read(new BinaryReader(bytes), bytes.length, toValue);
}

/**
 * The bytes of `feast.types.Value` as JSON text, spelled as Feast's server does: a float shows that it is one, integers
 * keep all digits, what JSON has no number for is its name, bytes are base64.
 * @throws where they are no such value
 */
export function valueToJson(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'null';
  return scalarToJson(bytes) ?? read(new BinaryReader(bytes), bytes.length, toJson);
}

/** The tags of the commonest types: their field and how it is written. */
const [INT32, INT64, DOUBLE, FLOAT, BOOL, TIME] = [0x18, 0x20, 0x29, 0x35, 0x38, 0x40];

/** A single number or truth value, for which the reader of messages is too much; undefined for everything else. */
function scalarToJson(bytes: Uint8Array): string | undefined {
  const { length } = bytes;
  switch (bytes[0]) {
    case INT64:
    case INT32:
    case TIME: {
      let [value, scale] = [0, 1];
      // Seven bytes of seven bits are exact, and all that is negative has ten.
      for (let i = 1; i < length && i < 8; i++) {
        const byte = bytes[i] ?? 0;
        value += (byte & 127) * scale;
        scale *= 128;
        if (byte < 128) return i === length - 1 ? String(value) : undefined;
      }
      return undefined;
    }
    case DOUBLE:
      return length === 9 ? floatToJson(viewOf(bytes).getFloat64(1, true)) : undefined;
    case FLOAT:
      return length === 5 ? floatToJson(viewOf(bytes).getFloat32(1, true)) : undefined;
    case BOOL:
      return length === 2 ? String(bytes[1] === 1) : undefined;
    default:
      return undefined;
  }
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}

const toValue: Sink<FeatureValue> = {
  nothing: null,
  boolean: (value) => value,
  integer: (value) => value,
  float: (value) => value,
  text: (value) => value,
  bytes: (value) => value,
  list: (values) => values,
  map: (entries) => Object.fromEntries(entries),
  zoned: (seconds, zone) => new ZonedTimestamp(seconds, zone),
};

const toJson: Sink<string> = {
  nothing: 'null',
  boolean: String,
  integer: String,
  float: floatToJson,
  text: (value) => JSON.stringify(value),
  bytes: (value) => `"${Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64')}"`,
  list: (values) => `[${values.join(',')}]`,
  map: (entries) => `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`,
  zoned: (seconds, zone) => JSON.stringify(zonedText(seconds, zone)),
};

/** Python's client takes a number without a point for an integer. */
function floatToJson(value: number): string {
  const written = toJsonNumber(value);
  if (typeof written === 'string') return `"${written}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function read<T>(reader: BinaryReader, end: number, sink: Sink<T>): T {
  let value = sink.nothing;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    value = readField(reader, field, wire, sink);
  }
  return value;
}

function readField<T>(reader: BinaryReader, field: number, wire: WireType, sink: Sink<T>): T {
  const type = valueTypeOf(field);
  if (type === undefined || type === 'scalar_map') {
    reader.skip(wire);
    return sink.nothing;
  }
  const element = elementTypeOf(type);
  if (element !== undefined) return sink.list(readElements(reader, element, sink));
  switch (type) {
    case 'map':
    case 'struct':
      return readMap(reader, sink);
    case 'map_list':
    case 'struct_list':
      return sink.list(readMessages(reader, () => readMap(reader, sink)));
    case 'value_list':
    case 'value_set':
      return sink.list(readMessages(reader, () => readNested(reader, sink)));
    case 'zoned_timestamp':
      return readZoned(reader, sink);
    default:
      return readScalar(reader, type as ScalarType, sink);
  }
}

function readScalar<T>(reader: BinaryReader, type: ScalarType, sink: Sink<T>): T {
  switch (type) {
    case 'bytes':
      return sink.bytes(reader.bytes());
    case 'int32':
      return sink.integer(reader.int32());
    case 'int64':
    case 'unix_timestamp':
      return sink.integer(integer(reader.int64()));
    case 'double':
      return sink.float(reader.double());
    case 'float':
      return sink.float(reader.float());
    case 'bool':
      return sink.boolean(reader.bool());
    default:
      return sink.text(reader.string());
  }
}

function integer(read: bigint | string): number | bigint {
  const number = Number(read);
  return Number.isSafeInteger(number) ? number : BigInt(read);
}

/** The `val` of a list or a set, packed or not. */
function readElements<T>(reader: BinaryReader, type: ScalarType, sink: Sink<T>): T[] {
  const end = reader.uint32() + reader.pos;
  const values: T[] = [];
  const isLong = !['double', 'float', 'int32', 'int64', 'bool', 'unix_timestamp'].includes(type);
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field !== 1) reader.skip(wire);
    else if (wire === WireType.LengthDelimited && !isLong) {
      const packed = reader.uint32() + reader.pos;
      while (reader.pos < packed) values.push(readScalar(reader, type, sink));
    } else values.push(readScalar(reader, type, sink));
  }
  return values;
}

/** A message whose field 1 repeats messages. */
function readMessages<T>(reader: BinaryReader, readOne: () => T): T[] {
  const end = reader.uint32() + reader.pos;
  const values: T[] = [];
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1) values.push(readOne());
    else reader.skip(wire);
  }
  return values;
}

function readNested<T>(reader: BinaryReader, sink: Sink<T>): T {
  const end = reader.uint32() + reader.pos;
  return read(reader, end, sink);
}

function readMap<T>(reader: BinaryReader, sink: Sink<T>): T {
  return sink.map(readMessages(reader, () => readEntry(reader, sink)));
}

function readEntry<T>(reader: BinaryReader, sink: Sink<T>): [string, T] {
  const end = reader.uint32() + reader.pos;
  let name = '';
  let value = sink.nothing;
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1) name = reader.string();
    else if (field === 2) value = readNested(reader, sink);
    else reader.skip(wire);
  }
  return [name, value];
}

function readZoned<T>(reader: BinaryReader, sink: Sink<T>): T {
  const end = reader.uint32() + reader.pos;
  let [seconds, zone] = [0, ''];
  while (reader.pos < end) {
    const [field, wire] = reader.tag();
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) zone = reader.string();
    else reader.skip(wire);
  }
  return sink.zoned(seconds, zone);
}

/** ISO 8601 in the value's own zone. */
function zonedText(seconds: number, zone: string): string {
  const minutes = offsetMinutes(seconds, zone);
  const local = new Date((seconds + minutes * 60) * 1000).toISOString().slice(0, 19);
  const size = Math.abs(minutes);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

function offsetMinutes(seconds: number, zone: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{2})$/.exec(zone) ?? [];
  if (sign !== undefined) return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  try {
    const format = new Intl.DateTimeFormat('en', { timeZone: zone || 'UTC', timeZoneName: 'longOffset' });
    const name = format.formatToParts(seconds * 1000).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT';
    return name === 'GMT' ? 0 : offsetMinutes(seconds, name.slice('GMT'.length));
  } catch {
    return 0;
  }
}
