import { PlatformError } from '@mlops/errors';
import { notFiniteNamed } from '@mlops/json-numbers';
import type { TSchema } from 'typebox';

// MLflow reads requests as proto JSON: lenient about how a number is written, silent about unknown fields. We follow,
// but where it stores a default for what it could not read ("abc" as a metric value becomes 0), we refuse.

interface SchemaNode {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly firstNumber?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
}

const HINT = 'See the API docs for more information about request parameters.';

/** An operation's request from parsed JSON or a query, by the operation's schema. @throws INVALID_PARAMETER, MISSING_PARAMETER */
export function decodeRequest<T>(schema: TSchema, value: unknown): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PlatformError('MALFORMED_REQUEST', 'The request body must be a JSON object.');
  }
  return decodeObject(schema, value as Record<string, unknown>, '') as T;
}

function decodeObject(schema: SchemaNode, value: Record<string, unknown>, path: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    // A request cannot set what every object inherits.
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    const where = path === '' ? name : `${path}.${name}`;
    const absent = given === undefined || given === null;
    const isRequired = schema.required?.includes(name) ?? false;
    if (isRequired && (absent || given === '')) {
      throw new PlatformError('MISSING_PARAMETER', `Missing value for required parameter '${where}'. ${HINT}`, {
        field: where,
      });
    }
    if (!absent) result[name] = decodeValue(field, given, where);
  }
  return result;
}

function decodeValue(schema: SchemaNode, value: unknown, path: string): unknown {
  switch (schema.type) {
    case 'string':
      return schema.enum ? decodeEnum(schema, value, path) : decodeString(value, path);
    case 'integer':
      return decodeInteger(value, path);
    case 'number':
      return decodeDouble(value, path);
    case 'boolean':
      return decodeBoolean(value, path);
    case 'array':
      return decodeArray(schema.items ?? {}, value, path);
    case 'object':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(path, value, 'an object');
      return decodeObject(schema, value as Record<string, unknown>, path);
    default:
      return value;
  }
}

function decodeString(value: unknown, path: string): string {
  if (typeof value !== 'string') throw invalid(path, value, 'a string');
  // PostgreSQL cannot hold them, and nobody means them.
  if (value.includes('\u0000')) throw invalid(path, value, 'a string without the NUL character');
  if (!value.isWellFormed()) throw invalid(path, value, 'well-formed Unicode');
  return value;
}

function decodeEnum({ enum: names = [], firstNumber = 0 }: SchemaNode, value: unknown, path: string): string {
  if (typeof value === 'string' && names.includes(value)) return value;
  const byNumber = typeof value === 'number' ? names[value - firstNumber] : undefined;
  if (byNumber === undefined) throw invalid(path, value, `one of ${names.join(', ')}`);
  return byNumber;
}

function decodeInteger(value: unknown, path: string): number {
  const number = typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) {
    throw invalid(path, value, 'an integer of at most 2^53 - 1');
  }
  return number;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

function decodeDouble(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  const named = notFiniteNamed(value);
  if (named !== undefined) return named;
  if (typeof value === 'string' && NUMBER.test(value)) return Number(value);
  throw invalid(path, value, 'a number');
}

function decodeBoolean(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') throw invalid(path, value, 'true or false');
  return text === 'true';
}

/** A query names a repeated field once for each value: one value arrives bare. */
function decodeArray(items: SchemaNode, value: unknown, path: string): unknown[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? [value] : undefined;
  if (!list) throw invalid(path, value, 'a list');
  return list.map((item, i) => decodeValue(items, item, `${path}[${i}]`));
}

function invalid(path: string, value: unknown, expected: string): PlatformError {
  const message = `Invalid value ${shown(value)} for parameter '${path}' supplied: it must be ${expected}. ${HINT}`;
  return new PlatformError('INVALID_PARAMETER', message, { field: path });
}

/** A wrong value for a message. Of a list or an object the kind tells enough, and writing a large one out takes long. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  if (Array.isArray(value)) return '[…]';
  return typeof value === 'object' ? '{…}' : String(value);
}
