import { Thread, ThreadEnded, Turns } from '@mlops/concurrency';
import { catalogue, type ErrorCode, PlatformError } from '@mlops/errors';
import type { DecodedRequest, WireRequest } from '../engine.ts';
import { type Answered, decode, encode, type ModelShape } from './codec.ts';

const PROGRAM = new URL('./worker.ts', import.meta.url);
/** What is smaller is read in place: it takes a few milliseconds at most, about what the way to a thread and back takes. */
const BYTES_IN_PLACE_MAX = 64 * 1024;
const VALUES_IN_PLACE_MAX = 20_000;
const HEAP_MEGABYTES_MAX = 2048;
/** Large requests that may wait: each holds its body. */
const WAITING_MAX = 32;

export type CodecRequest =
  | { readonly kind: 'decode'; readonly wire: WireRequest; readonly model: ModelShape }
  | { readonly kind: 'encode'; readonly answered: Answered };

export interface CodecReply {
  readonly decoded?: DecodedRequest;
  readonly text?: Uint8Array<ArrayBuffer>;
}

/** Decodes requests and encodes answers: small ones in place, large ones one after another in a thread of its own. */
export class DecodingThread {
  readonly #turns = new Turns();
  #thread: Thread<CodecRequest, CodecReply> | undefined;
  #waiting = 0;

  /** @throws as `decode`; PAYLOAD_TOO_LARGE if the thread runs out of memory, OVERLOADED */
  async decode(wire: WireRequest, { inputs, outputs, signature, keyColumn }: ModelShape): Promise<DecodedRequest> {
    const model = { inputs, outputs, signature, keyColumn };
    if (wire.bytes.length <= BYTES_IN_PLACE_MAX) return decode(wire, model);
    const { bytes } = wire;
    const isWhole = bytes.byteLength === bytes.buffer.byteLength;
    const own = isWhole ? bytes : bytes.slice();
    const request = { kind: 'decode', wire: { ...wire, bytes: own }, model } as const;
    const { decoded } = await this.#ask(request, [own.buffer]);
    if (!decoded) throw new Error('the decoding thread gave no answer');
    return decoded;
  }

  /** The answer's JSON, as text or as its bytes. */
  async encode(answered: Answered): Promise<string | Uint8Array<ArrayBuffer>> {
    const values = answered.outputs.reduce((sum, { data }) => sum + data.length, 0);
    if (values <= VALUES_IN_PLACE_MAX) return encode(answered);
    const { text } = await this.#ask({ kind: 'encode', answered });
    return text ?? '';
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  async #ask(request: CodecRequest, transfer: ArrayBuffer[] = []): Promise<CodecReply> {
    if (this.#waiting >= WAITING_MAX) {
      throw new PlatformError('OVERLOADED', 'Too many large requests wait to be read; try again later.');
    }
    this.#waiting += 1;
    try {
      return await this.#turns.take('thread', () => this.#open().send(request, transfer));
    } catch (error) {
      throw asPlatformError(error as Error);
    } finally {
      this.#waiting -= 1;
    }
  }

  #open(): Thread<CodecRequest, CodecReply> {
    if (this.#thread) return this.#thread;
    const thread = new Thread<CodecRequest, CodecReply>(PROGRAM, {
      name: 'decoding',
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX },
      onEnd: () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    });
    this.#thread = thread;
    return thread;
  }
}

function asPlatformError(error: Error): Error {
  if (error instanceof ThreadEnded) {
    const what = 'The request needs more memory than one request may have; send it in parts.';
    return new PlatformError('PAYLOAD_TOO_LARGE', what, { cause: error });
  }
  const { code, field } = error as { code?: string; field?: string };
  if (code === undefined || !Object.hasOwn(catalogue, code)) return error;
  return new PlatformError(code as ErrorCode, error.message, field === undefined ? {} : { field });
}
