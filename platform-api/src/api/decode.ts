import { PlatformError } from '@mlops/errors';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';

/** As JSON escapes them: NUL, and surrogates that stand alone. PostgreSQL cannot hold them, canonical JSON cannot write them. */
const UNSTORABLE = /(?<!\\)(\\\\)*\\u(0000|d[89a-f])/;

/** Values of a query or a path arrive as text: numbers and booleans are read from it. */
export function decodeText(schema: TSchema, value: unknown): unknown {
  return decodeValue(schema, Value.Convert(schema, value));
}

/** A value that fits the schema, with its defaults. @throws INVALID_PARAMETER, MISSING_PARAMETER that name the field */
export function decodeValue(schema: TSchema, value: unknown): unknown {
  if (UNSTORABLE.test(JSON.stringify(value) ?? '')) {
    throw new PlatformError('INVALID_PARAMETER', 'The request holds a NUL character or half of a surrogate pair.', {
      field: 'body',
    });
  }
  const withDefaults = Value.Default(schema, Value.Clone(value));
  if (Value.Check(schema, withDefaults)) return withDefaults;
  const [error] = Value.Errors(schema, withDefaults);
  if (!error) return withDefaults;
  throw describe(error as unknown as ValidationError);
}

interface ValidationError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: { readonly requiredProperties?: string[]; readonly additionalProperties?: string[] };
}

function describe({ keyword, instancePath, message, params }: ValidationError): PlatformError {
  const at = instancePath.replace(/^\//, '').replaceAll('/', '.');
  const inside = (name: string) => (at === '' ? name : `${at}.${name}`);
  const missing = params.requiredProperties?.[0];
  if (keyword === 'required' && missing !== undefined) {
    const field = inside(missing);
    return new PlatformError('MISSING_PARAMETER', `'${field}' is required.`, { field });
  }
  const unknown = params.additionalProperties?.[0];
  if (unknown !== undefined) {
    const field = inside(unknown);
    return new PlatformError('INVALID_PARAMETER', `'${field}' is not a field of this request.`, { field });
  }
  const field = at === '' ? 'body' : at;
  return new PlatformError('INVALID_PARAMETER', `'${field}' ${message}.`, { field });
}
