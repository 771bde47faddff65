import { parseBoundedJson } from './json-extent.ts';
import { movable, SpareThread } from './spare-thread.ts';

/** What is smaller is read in place within a few milliseconds. */
const BYTES_IN_PLACE_MAX = 256 * 1024;

const thread = new SpareThread<Uint8Array<ArrayBuffer>, unknown>(new URL('./json-worker.ts', import.meta.url), {
  name: 'json',
  heapMegabytes: 512,
});

/** Reads JSON of bounded extent: large texts in a thread of their own. @throws MALFORMED_REQUEST, PAYLOAD_TOO_LARGE, OVERLOADED */
export async function readJson(text: Buffer<ArrayBuffer>): Promise<unknown> {
  if (text.length <= BYTES_IN_PLACE_MAX) return parseBoundedJson(text);
  const bytes = movable(text);
  return thread.ask(bytes, [bytes.buffer]);
}
