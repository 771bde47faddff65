import type { Tensor, TensorMetadata } from '../engine.ts';
import { newArray, sizeOf, type TensorData } from '../tensor.ts';

// A message of many small arrays costs far more than one of the same bytes in a single buffer (22 columns: 84 against
// 65 µs a round trip), so the numbers of a request travel together.

export interface Packed {
  readonly shapes: readonly (readonly number[])[];
  /** The numeric tensors one after another, each at a multiple of 8 bytes. */
  readonly numbers: ArrayBuffer;
  readonly texts: readonly string[][];
}

const ALIGNMENT = 8;

/** The tensors in the order of the model's inputs; they must be checked. They stay usable: the bytes are copied, once. */
export function pack(inputs: readonly TensorMetadata[], tensors: readonly Tensor[]): Packed {
  const ordered = inputs.map(({ name }) => tensorNamed(tensors, name));
  const texts: string[][] = [];
  let length = 0;
  for (const { data } of ordered) {
    if (Array.isArray(data)) texts.push(data);
    else length += aligned(data.byteLength);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const { data } of ordered) {
    if (Array.isArray(data)) continue;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += aligned(data.byteLength);
  }
  return { shapes: ordered.map(({ shape }) => shape), numbers: bytes.buffer, texts };
}

/** The tensors' data, in the order of the model's inputs, as views of the buffer. */
export function unpack(inputs: readonly TensorMetadata[], { shapes, numbers, texts }: Packed): TensorData[] {
  let offset = 0;
  let text = 0;
  return inputs.map(({ datatype }, i) => {
    if (datatype === 'BYTES') return texts[text++] ?? [];
    const data = newArray(datatype, sizeOf(shapes[i] ?? []), numbers, offset);
    offset += aligned(data.byteLength);
    return data;
  });
}

function tensorNamed(tensors: readonly Tensor[], name: string): Tensor {
  const found = tensors.find((tensor) => tensor.name === name);
  if (!found) throw new Error(`the input ${name} was not checked`);
  return found;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
