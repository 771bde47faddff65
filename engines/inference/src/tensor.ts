import { PlatformError } from '@mlops/errors';
import { notFiniteNamed, toJsonNumber } from '@mlops/json-numbers';
import type { Datatype, Tensor, TensorMetadata } from './engine.ts';

export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float16Array
  | Float32Array
  | Float64Array
  | string[];

export type JsonValue = number | string | boolean | null;

/** More dimensions than any model has: what nests deeper is not a tensor. */
const RANK_MAX = 16;
const RANGES: Partial<Record<Datatype, readonly [number, number]>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  FP16: [-65_504, 65_504],
  FP32: [-3.4028234663852886e38, 3.4028234663852886e38],
};
const WIDE: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
};

/** Values as JSON carries them in a datatype's own array. @throws INVALID_TENSOR that names input, expected and received */
export function fromJson(name: string, datatype: Datatype, values: readonly unknown[]): TensorData {
  if (datatype === 'BYTES') return values.map((value) => toText(name, value));
  const array = newArray(datatype, values.length);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    for (let i = 0; i < array.length; i++) array[i] = toBigInt(name, datatype, values[i]);
    return array;
  }
  const convert = datatype === 'BOOL' ? toBool : datatype.startsWith('FP') ? toFloat : toInteger;
  for (let i = 0; i < array.length; i++) array[i] = convert(name, datatype, values[i]);
  return array;
}

type NumericData = Exclude<TensorData, string[]>;

/** The array that holds a datatype's values, over a buffer's bytes or a new one. */
export function newArray(
  datatype: Exclude<Datatype, 'BYTES'>,
  length: number,
  buffer?: ArrayBuffer,
  offset = 0,
): NumericData {
  const ArrayOf = ARRAYS[datatype];
  return buffer ? new ArrayOf(buffer, offset, length) : new ArrayOf(length);
}

const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;

/** A tensor's values for JSON: what is not finite, and integers beyond 2^53, as strings. */
export function toJson(
  { datatype, data }: Pick<Tensor, 'datatype' | 'data'>,
  start = 0,
  end = data.length,
): JsonValue[] {
  const values: JsonValue[] = [];
  for (let i = start; i < end; i++) {
    const value = data[i];
    if (typeof value === 'number') values.push(datatype === 'BOOL' ? value !== 0 : toJsonNumber(value));
    else if (typeof value === 'bigint') values.push(narrow(value));
    else values.push(value ?? null);
  }
  return values;
}

function narrow(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function toFloat(name: string, datatype: Datatype, value: unknown): number {
  if (typeof value === 'number') {
    const range = RANGES[datatype];
    // A number that the smaller type cannot hold would become infinite without a word.
    if (range && (value > range[1] || value < range[0])) throw wrongValue(name, datatype, value);
    return value;
  }
  if (value === null) return Number.NaN;
  if (typeof value === 'bigint') return toFloat(name, datatype, Number(value));
  const named = notFiniteNamed(value);
  if (named === undefined) throw wrongValue(name, datatype, value);
  return named;
}

function toInteger(name: string, datatype: Datatype, value: unknown): number {
  const [low, high] = RANGES[datatype] ?? [0, 0];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < low || value > high) {
    throw wrongValue(name, datatype, value);
  }
  return value;
}

function toBigInt(name: string, datatype: Datatype, value: unknown): bigint {
  const [low, high] = WIDE[datatype] ?? [0n, 0n];
  const isNumber = typeof value === 'bigint' || Number.isSafeInteger(value);
  const isDigits = typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!isNumber && !isDigits) throw wrongValue(name, datatype, value);
  const wide = BigInt(value as number | bigint | string);
  if (wide < low || wide > high) throw wrongValue(name, datatype, value);
  return wide;
}

function toBool(name: string, _datatype: Datatype, value: unknown): number {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  throw wrongValue(name, 'BOOL', value);
}

function toText(name: string, value: unknown): string {
  // ONNX Runtime takes strings as C does: what follows a NUL would be lost.
  if (typeof value === 'string' && value.includes('\u0000')) throw invalid(name, 'text without NUL', 'text with one');
  if (typeof value !== 'string') throw wrongValue(name, 'BYTES', value);
  return value;
}

/** Nested lists as flat values and their shape; a flat list has one dimension. @throws INVALID_TENSOR if it is ragged */
export function flatten(name: string, nested: unknown): { values: unknown[]; shape: number[] } {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = level[0] as unknown) {
    shape.push(level.length);
    if (shape.length > RANK_MAX) throw invalid(name, `at most ${RANK_MAX} dimensions`, 'more');
  }
  const values: unknown[] = [];
  const walk = (item: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(item)) throw invalid(name, `lists nested ${shape.length} deep everywhere`, 'deeper ones');
      values.push(item);
      return;
    }
    if (!Array.isArray(item) || item.length !== shape[depth]) {
      throw invalid(
        name,
        `lists of ${shape[depth]} everywhere`,
        Array.isArray(item) ? `one of ${item.length}` : shown(item),
      );
    }
    for (const each of item) walk(each, depth + 1);
  };
  walk(nested, 0);
  return { values, shape };
}

/** Flat values as nested lists of a shape. */
export function nest(values: readonly unknown[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0] ?? null;
  if (shape.length === 1) return values;
  const [count = 0, ...rest] = shape;
  const size = sizeOf(rest);
  return Array.from({ length: count }, (_, i) => nest(values.slice(i * size, (i + 1) * size), rest));
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Checks a tensor against what the model declares. @throws INVALID_TENSOR */
export function checkShape(name: string, shape: readonly number[], expected: readonly number[]): void {
  const fits = shape.length === expected.length && expected.every((size, i) => size === -1 || size === shape[i]);
  if (!fits) throw invalid(name, `shape [${expected.join(', ')}]`, `shape [${shape.join(', ')}]`);
}

export function invalid(name: string, expected: string, received: string): PlatformError {
  const field = name.slice(0, 200);
  return new PlatformError('INVALID_TENSOR', `Input '${field}': expected ${expected}, received ${received}.`, {
    field,
  });
}

/** @throws INVALID_TENSOR naming the inputs that the model has */
export function inputNamed(inputs: readonly TensorMetadata[], name: string): TensorMetadata {
  const found = inputs.find((input) => input.name === name);
  if (!found)
    throw invalid(name, `one of the inputs ${inputs.map((input) => input.name).join(', ')}`, 'an unknown name');
  return found;
}

/** A received value for an error message: short, whatever it is. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  return value === undefined ? 'nothing' : String(value);
}

function wrongValue(name: string, datatype: Datatype, value: unknown): PlatformError {
  return invalid(name, `${datatype} values`, shown(value));
}
