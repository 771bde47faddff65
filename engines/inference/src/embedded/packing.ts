import type { Tensor, TensorMetadata } from '../engine.ts';
import { newArray, sizeOf, type TensorData } from '../tensor.ts';

// A message of many small arrays costs far more than one of the same bytes in a single buffer (22 columns: 84 against
// 65 µs a round trip), so the shapes and numbers of a request travel together.

export interface Packed {
  /** The sizes of all shapes as doubles, then the numeric tensors one after another, each at a multiple of 8 bytes. */
  readonly numbers: ArrayBuffer;
  /** The texts of all tensors one after another. */
  readonly texts: readonly string[];
}

export interface Unpacked {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

const ALIGNMENT = 8;

/** The tensors in the order of the model's inputs; they must be checked. They stay usable: the bytes are copied, once. */
export function pack(inputs: readonly TensorMetadata[], tensors: readonly Tensor[]): Packed {
  const ordered = inputs.map(({ name }, i) => tensorNamed(tensors, name, i));
  const texts: string[] = [];
  const sizes: number[] = [];
  let length = 0;
  for (const { data, shape } of ordered) {
    for (const size of shape) sizes.push(size);
    if (Array.isArray(data)) for (const text of data) texts.push(text);
    else length += bytesOf(data);
  }
  let offset = sizes.length * ALIGNMENT;
  length += offset;
  const bytes = new Uint8Array(length);
  new Float64Array(bytes.buffer, 0, sizes.length).set(sizes);
  for (const { data } of ordered) {
    if (Array.isArray(data)) continue;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += bytesOf(data);
  }
  return { numbers: bytes.buffer, texts };
}

/** The tensors in the order of the model's inputs; numbers are views of the buffer. */
export function unpack(inputs: readonly TensorMetadata[], { numbers, texts }: Packed): Unpacked[] {
  let at = 0;
  const shapes = inputs.map(({ shape: { length } }) => {
    const shape = [...new Float64Array(numbers, at, length)];
    at += length * ALIGNMENT;
    return shape;
  });
  let text = 0;
  return inputs.map(({ datatype }, i) => {
    const shape = shapes[i] ?? [];
    const size = sizeOf(shape);
    if (datatype === 'BYTES') return { shape, data: texts.slice(text, (text += size)) };
    const data = newArray(datatype, size, numbers, at);
    at += bytesOf(data);
    return { shape, data };
  });
}

/** Mostly the tensors come in the model's own order. */
function tensorNamed(tensors: readonly Tensor[], name: string, place: number): Tensor {
  const there = tensors[place];
  const found = there?.name === name ? there : tensors.find((tensor) => tensor.name === name);
  if (!found) throw new Error(`the input ${name} was not checked`);
  return found;
}

/** What a tensor's numbers take in the buffer. */
function bytesOf(data: TensorData): number {
  return Array.isArray(data) ? 0 : Math.ceil(data.byteLength / ALIGNMENT) * ALIGNMENT;
}
