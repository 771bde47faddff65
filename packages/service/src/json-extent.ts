import { PlatformError } from '@mlops/errors';

/** How much a JSON text holds, as far as its punctuation tells; the text need not be valid. */
export interface JsonExtent {
  /** Lists and objects inside of each other. */
  readonly depth: number;
  /** Commas and opening brackets: at least the number of values but one. */
  readonly values: number;
}

// This runs for every byte of every body.
const QUOTE = 34;
const COMMA = 44;
const OPENING_BRACKET = 91;
const BACKSLASH = 92;
const CLOSING_BRACKET = 93;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** Measures a JSON text, as UTF-8, in one pass that builds nothing: what stands inside of strings does not count. */
export function jsonExtent(text: Uint8Array): JsonExtent {
  let open = 0;
  let depth = 0;
  let values = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text[i];
    if (code === QUOTE) {
      i = endOfString(text, i + 1);
    } else if (code === COMMA) {
      values += 1;
    } else if (code === OPENING_BRACKET || code === OPENING_BRACE) {
      values += 1;
      open += 1;
      if (open > depth) depth = open;
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) {
      open -= 1;
    }
  }
  return { depth, values };
}

/** The place of the quote that ends the string which begins at `start`; the text's length where none does. */
function endOfString(text: Uint8Array, start: number): number {
  let end = start;
  for (; end < text.length; end++) {
    const code = text[end];
    if (code === QUOTE) break;
    if (code === BACKSLASH) end += 1;
  }
  return end;
}

const DEPTH_MAX = 100;
/** Building more than these holds up everybody else for too long. */
const VALUES_MAX = 100_000;

/**
 * Reads JSON of bounded extent: what nests deeper than 100 levels or holds more than 100,000 values is refused before
 * anything is built. @throws MALFORMED_REQUEST
 */
export function parseBoundedJson(text: Buffer): unknown {
  const { depth, values } = jsonExtent(text);
  if (depth > DEPTH_MAX) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body nests deeper than ${DEPTH_MAX} levels.`);
  }
  if (values > VALUES_MAX) {
    const fix = 'Split it into several requests.';
    throw new PlatformError('MALFORMED_REQUEST', `The request body holds more than ${VALUES_MAX} values. ${fix}`);
  }
  try {
    return JSON.parse(text.toString()) as unknown;
  } catch (error) {
    throw new PlatformError('MALFORMED_REQUEST', `The request body is not JSON: ${(error as Error).message}.`);
  }
}
