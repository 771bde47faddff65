import { PlatformError } from '@mlops/errors';
import { jsonExtent } from '@mlops/service';

const DEPTH_MAX = 100;
/** Values of one request: 25,000 rows of 20 columns. Building more holds up everybody else for too long. */
const VALUES_MAX = 500_000;
/** A whole number of so many digits that a double may not hold it, where JSON can have one. */
const LONG_INTEGER = /(?:^|[[,:\s-])\d{16,}(?=[\s,\]}]|$)/;

/**
 * Reads JSON of bounded extent; integers beyond 2^53 become bigints instead of losing digits.
 * @throws MALFORMED_REQUEST, PAYLOAD_TOO_LARGE
 */
export function parseJson(bytes: Buffer): unknown {
  const { depth, values } = jsonExtent(bytes);
  if (depth > DEPTH_MAX) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body nests deeper than ${DEPTH_MAX} levels.`);
  }
  if (values > VALUES_MAX) {
    throw new PlatformError(
      'PAYLOAD_TOO_LARGE',
      `A request may have ${VALUES_MAX} values, this one has ${values}; send it in parts.`,
    );
  }
  const text = bytes.toString();
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (error) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body is not JSON: ${(error as Error).message}.`);
  }
}

/** The third argument is the value's source text (ECMAScript 2026, JSON.parse source text access). */
function keepDigits(_key: string, value: unknown, { source = '' }: { source?: string } = {}): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value;
  return BigInt(source);
}

const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** Writes JSON; bigints keep their digits. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? rawJSON(String(each)) : each));
}
