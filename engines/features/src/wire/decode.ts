import { PlatformError } from '@mlops/errors';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/**
 * An operation's request from its body and its query. Fields that it does not know are ignored, as in Feast.
 * @throws MALFORMED_REQUEST, MISSING_PARAMETER, INVALID_PARAMETER naming the field
 */
export function decodeRequest<T>(schema: TSchema, body: unknown, query: unknown): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new PlatformError('MALFORMED_REQUEST', 'The request body must be a JSON object.');
  }
  const input = Object.assign(body, query) as Record<string, unknown>;
  if (Value.Check(schema, input)) return input as T;
  const { required = [] } = schema as { required?: readonly string[] };
  const missing = required.find((field) => !Object.hasOwn(input, field));
  if (missing !== undefined) {
    throw new PlatformError('MISSING_PARAMETER', `${missing}: the field is missing.`, { field: missing });
  }
  const [first] = Value.Errors(schema, input);
  const field = first?.instancePath.split('/').slice(1).join('.') ?? '';
  throw new PlatformError('INVALID_PARAMETER', `${field}: ${first?.message ?? 'is not allowed'}.`, { field });
}
