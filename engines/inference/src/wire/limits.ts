import { PlatformError } from '@mlops/errors';

/** Values and lists that one JSON body may have; measured, they take about a gigabyte while they are read. */
const JSON_CELLS_MAX = 5_000_000;
const CSV_CELLS_MAX = 2_000_000;
/** Texts are copied between threads, and the main one does a part of it. */
const TEXTS_MAX = 100_000;
const CHARACTERS_MAX = 8 * 1024 * 1024;
/** A tensor's 16 dimensions, and what stands around it. */
const DEPTH_MAX = 24;

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** One look at the bytes of JSON, before anything is made of them. @throws PAYLOAD_TOO_LARGE, MALFORMED_REQUEST */
export function checkJsonSize(bytes: Uint8Array): void {
  let cells = 1;
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        for (i += 1; i < bytes.length && bytes[i] !== QUOTE; i++) if (bytes[i] === BACKSLASH) i += 1;
        break;
      case COMMA:
        cells += 1;
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        cells += 1;
        depth += 1;
        if (depth > DEPTH_MAX) throw tooDeep();
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth -= 1;
        break;
      default:
    }
  }
  if (cells > JSON_CELLS_MAX) throw tooMany(`${JSON_CELLS_MAX} values and lists`, cells);
}

/** Commas and lines inside of quotes count as well: it is a limit, not a measure. @throws PAYLOAD_TOO_LARGE */
export function checkCsvSize(bytes: Uint8Array): void {
  let cells = 1;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === COMMA || bytes[i] === NEWLINE) cells += 1;
  if (cells > CSV_CELLS_MAX) throw tooMany(`${CSV_CELLS_MAX} fields`, cells);
}

/** @throws PAYLOAD_TOO_LARGE */
export function checkTexts(...lists: readonly (readonly string[])[]): void {
  let count = 0;
  let characters = 0;
  for (const list of lists) {
    count += list.length;
    for (const text of list) characters += text.length;
  }
  if (count > TEXTS_MAX) throw tooMany(`${TEXTS_MAX} texts (keys included)`, count);
  if (characters > CHARACTERS_MAX) throw tooMany(`${CHARACTERS_MAX} characters of text`, characters);
}

function tooMany(most: string, given: number): PlatformError {
  return new PlatformError('PAYLOAD_TOO_LARGE', `A request may have ${most}, this one has ${given}; send it in parts.`);
}

function tooDeep(): PlatformError {
  return new PlatformError('MALFORMED_REQUEST', `The request body nests more than ${DEPTH_MAX} levels deep.`);
}
