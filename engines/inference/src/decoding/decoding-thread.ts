import { movable, SpareThread } from '@mlops/service';
import type { DecodedRequest, WireRequest } from '../engine.ts';
import { type Answered, type AskedTable, decode, decodeAsked, decodeTable, encode, type ModelShape } from './codec.ts';

const PROGRAM = new URL('./worker.ts', import.meta.url);
/** What is smaller is read in place: it takes a few milliseconds at most, about what the way to a thread and back takes. */
const BYTES_IN_PLACE_MAX = 64 * 1024;
const VALUES_IN_PLACE_MAX = 20_000;
const HEAP_MEGABYTES_MAX = 2048;

export type CodecRequest =
  | { readonly kind: 'decode'; readonly wire: WireRequest; readonly model: ModelShape }
  | { readonly kind: 'table'; readonly wire: WireRequest; readonly model: ModelShape }
  | { readonly kind: 'asked'; readonly asked: AskedTable; readonly model: ModelShape }
  | { readonly kind: 'encode'; readonly answered: Answered };

export interface CodecReply {
  readonly decoded?: DecodedRequest;
  readonly asked?: AskedTable;
  readonly text?: Uint8Array<ArrayBuffer>;
}

/** Decodes requests and encodes answers: small ones in place, large ones one after another in a thread of its own. */
export class DecodingThread {
  readonly #thread = new SpareThread<CodecRequest, CodecReply>(PROGRAM, {
    name: 'decoding',
    heapMegabytes: HEAP_MEGABYTES_MAX,
  });

  /** @throws as `decode`; PAYLOAD_TOO_LARGE if the thread runs out of memory, OVERLOADED */
  async decode(wire: WireRequest, shape: ModelShape): Promise<DecodedRequest> {
    const model = plain(shape);
    if (wire.bytes.length <= BYTES_IN_PLACE_MAX) return decode(wire, model);
    const bytes = movable(wire.bytes);
    const { decoded } = await this.#thread.ask({ kind: 'decode', wire: { ...wire, bytes }, model }, [bytes.buffer]);
    if (!decoded) throw new Error('the decoding thread gave no answer');
    return decoded;
  }

  /**
   * A request whose table is filled in between.
   * @throws as `decode`, and as `fill`
   */
  async decodeFilled(
    wire: WireRequest,
    shape: ModelShape,
    fill: (table: AskedTable['table']) => Promise<AskedTable['table']>,
  ): Promise<DecodedRequest> {
    const model = plain(shape);
    if (wire.bytes.length <= BYTES_IN_PLACE_MAX) {
      const asked = decodeTable(wire, model);
      return decodeAsked({ ...asked, table: await fill(asked.table) }, model);
    }
    const bytes = movable(wire.bytes);
    const { asked } = await this.#thread.ask({ kind: 'table', wire: { ...wire, bytes }, model }, [bytes.buffer]);
    if (!asked) throw new Error('the decoding thread gave no answer');
    const filled = { ...asked, table: await fill(asked.table) };
    const { decoded } = await this.#thread.ask({ kind: 'asked', asked: filled, model });
    if (!decoded) throw new Error('the decoding thread gave no answer');
    return decoded;
  }

  /** The answer's JSON, as text or as its bytes. */
  async encode(answered: Answered): Promise<string | Uint8Array<ArrayBuffer>> {
    const values = answered.outputs.reduce((sum, { data }) => sum + data.length, 0);
    if (values <= VALUES_IN_PLACE_MAX) return encode(answered);
    const { text } = await this.#thread.ask({ kind: 'encode', answered });
    return text ?? '';
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }
}

/** What another thread needs of a model. */
function plain({ inputs, outputs, signature, keyColumn }: ModelShape): ModelShape {
  return { inputs, outputs, signature, keyColumn };
}
