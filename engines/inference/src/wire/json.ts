import { PlatformError } from '@mlops/errors';
import type { Tensor } from '../engine.ts';
import { toJson } from '../tensor.ts';

/** A whole number of so many digits that a double may not hold it, where JSON can have one. */
const LONG_INTEGER = /(?:^|[[,:\s-])\d{16,}(?=[\s,\]}]|$)/;

/**
 * Reads JSON; integers beyond 2^53 become bigints instead of losing digits.
 * @throws MALFORMED_REQUEST with the place of the mistake
 */
export function parseJson(text: string): unknown {
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (error) {
    throw new PlatformError(
      'MALFORMED_REQUEST',
      `The request body is not JSON: ${(error as Error).message}. NaN and Infinity are written as strings.`,
    );
  }
}

/** The third argument is the value's source text (ECMAScript 2026, JSON.parse source text access). */
function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  return BigInt(source);
}

const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** A tensor's values as a protocol writes them: every digit of an integer, and what is not finite as a string. */
export function wireValues(tensor: Tensor): unknown[] {
  const values = toJson(tensor);
  if (tensor.datatype !== 'INT64' && tensor.datatype !== 'UINT64') return values;
  return values.map((value) => (typeof value === 'string' ? rawJSON(value) : value));
}
