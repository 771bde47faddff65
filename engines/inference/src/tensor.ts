import { PlatformError } from '@mlops/errors';
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
  | Float32Array
  | Float64Array
  | string[];

export type JsonValue = number | string | boolean | null;

const NAMED: Record<string, number> = { NaN: Number.NaN, Infinity: Infinity, '-Infinity': -Infinity };
const RANGES: Partial<Record<Datatype, readonly [number, number]>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
};
const WIDE: Partial<Record<Datatype, readonly [bigint, bigint]>> = {
  INT64: [-(2n ** 63n), 2n ** 63n - 1n],
  UINT64: [0n, 2n ** 64n - 1n],
};

/** Values as JSON carries them in a datatype's own array. @throws INVALID_TENSOR that names input, expected and received */
export function fromJson(name: string, datatype: Datatype, values: readonly unknown[]): TensorData {
  const length = values.length;
  switch (datatype) {
    case 'FP32':
      return fill(new Float32Array(length), values, (value) => toDouble(name, datatype, value));
    case 'FP64':
      return fill(new Float64Array(length), values, (value) => toDouble(name, datatype, value));
    case 'BOOL':
      return fill(new Uint8Array(length), values, (value) => toBool(name, value));
    case 'BYTES':
      return values.map((value) => toText(name, value));
    case 'INT64':
      return fillWide(new BigInt64Array(length), values, (value) => toBigInt(name, datatype, value));
    case 'UINT64':
      return fillWide(new BigUint64Array(length), values, (value) => toBigInt(name, datatype, value));
    case 'FP16':
      throw invalid(name, 'a datatype that JSON can carry', 'FP16');
    case 'UINT8':
      return fill(new Uint8Array(length), values, (value) => toInteger(name, datatype, value));
    case 'UINT16':
      return fill(new Uint16Array(length), values, (value) => toInteger(name, datatype, value));
    case 'UINT32':
      return fill(new Uint32Array(length), values, (value) => toInteger(name, datatype, value));
    case 'INT8':
      return fill(new Int8Array(length), values, (value) => toInteger(name, datatype, value));
    case 'INT16':
      return fill(new Int16Array(length), values, (value) => toInteger(name, datatype, value));
    case 'INT32':
      return fill(new Int32Array(length), values, (value) => toInteger(name, datatype, value));
  }
}

type Narrow = Exclude<TensorData, BigInt64Array | BigUint64Array | string[]>;

function fill<A extends Narrow>(array: A, values: readonly unknown[], convert: (value: unknown) => number): A {
  for (let i = 0; i < values.length; i++) array[i] = convert(values[i]);
  return array;
}

function fillWide<A extends BigInt64Array | BigUint64Array>(
  array: A,
  values: readonly unknown[],
  convert: (value: unknown) => bigint,
): A {
  for (let i = 0; i < values.length; i++) array[i] = convert(values[i]);
  return array;
}

/** A tensor's values for JSON: what is not finite, and integers beyond 2^53, as strings. */
export function toJson(
  { datatype, data }: Pick<Tensor, 'datatype' | 'data'>,
  start = 0,
  end = data.length,
): JsonValue[] {
  const values: JsonValue[] = [];
  for (let i = start; i < end; i++) {
    const value = data[i];
    if (typeof value === 'number') values.push(datatype === 'BOOL' ? value !== 0 : finite(value));
    else if (typeof value === 'bigint') values.push(narrow(value));
    else values.push(value ?? null);
  }
  return values;
}

function finite(value: number): number | string {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}

function narrow(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function toDouble(name: string, datatype: Datatype, value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return Number.NaN;
  if (typeof value === 'string' && value in NAMED) return NAMED[value] as number;
  throw wrongValue(name, datatype, value);
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
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value);
  const isDigits = typeof value === 'string' && /^-?\d{1,20}$/.test(value);
  if (!isNumber && !isDigits) throw wrongValue(name, datatype, value);
  const wide = BigInt(value);
  if (wide < low || wide > high) throw wrongValue(name, datatype, value);
  return wide;
}

function toBool(name: string, value: unknown): number {
  if (value === true || value === 1) return 1;
  if (value === false || value === 0) return 0;
  throw wrongValue(name, 'BOOL', value);
}

function toText(name: string, value: unknown): string {
  // ONNX Runtime takes strings as C does: what follows a NUL would be lost.
  if (typeof value !== 'string' || value.includes('\u0000')) throw wrongValue(name, 'BYTES', value);
  return value;
}

/** Nested lists as flat values and their shape; a flat list has one dimension. @throws INVALID_TENSOR if it is ragged */
export function flatten(name: string, nested: unknown): { values: unknown[]; shape: number[] } {
  const shape: number[] = [];
  for (let level = nested; Array.isArray(level); level = level[0] as unknown) shape.push(level.length);
  const values: unknown[] = [];
  const walk = (item: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (Array.isArray(item)) throw invalid(name, `lists nested ${shape.length} deep everywhere`, 'deeper ones');
      values.push(item);
      return;
    }
    if (!Array.isArray(item) || item.length !== shape[depth])
      throw invalid(name, 'rows of equal length', 'ragged ones');
    for (const each of item) walk(each, depth + 1);
  };
  walk(nested, 0);
  return { values, shape };
}

/** Flat values as nested lists of a shape. */
export function nest(values: readonly JsonValue[], shape: readonly number[]): unknown {
  if (shape.length === 0) return values[0] ?? null;
  if (shape.length === 1) return values;
  const [count = 0, ...rest] = shape;
  const size = rest.reduce((a, b) => a * b, 1);
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
  return new PlatformError('INVALID_TENSOR', `Input '${name}': expected ${expected}, received ${received}.`, {
    field: name,
  });
}

/** @throws INVALID_TENSOR naming the inputs that the model has */
export function inputNamed(inputs: readonly TensorMetadata[], name: string): TensorMetadata {
  const found = inputs.find((input) => input.name === name);
  if (!found)
    throw invalid(name, `one of the inputs ${inputs.map((input) => input.name).join(', ')}`, 'an unknown name');
  return found;
}

function wrongValue(name: string, datatype: Datatype, value: unknown): PlatformError {
  return invalid(name, `${datatype} values`, JSON.stringify(value)?.slice(0, 80) ?? String(value));
}
