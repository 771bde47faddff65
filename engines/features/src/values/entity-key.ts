import { type KeyType, valueTypes } from './value-type.ts';

/** A key column's value, of the column's type. */
export type KeyValue = string | number | bigint | Uint8Array;

/** One column of a row's key. */
export interface KeyPart {
  readonly joinKey: string;
  readonly type: KeyType;
  readonly value: KeyValue;
}

/** The column by which views without entities are kept, with its only value: Feast's. */
export const ENTITYLESS_JOIN_KEY = '__dummy_id';

/**
 * The bytes of a row's key in version 3 of Feast's serialization: the number of columns, their names in the order of
 * their code points, then their values. All numbers are little-endian.
 */
export function serializeEntityKey(parts: readonly KeyPart[]): Buffer {
  const ordered =
    parts.length < 2
      ? parts
      : [...parts].sort((a, b) => Buffer.compare(Buffer.from(a.joinKey), Buffer.from(b.joinKey)));
  const chunks: Buffer[] = [u32(ordered.length)];
  for (const { joinKey } of ordered) {
    const name = Buffer.from(joinKey);
    chunks.push(u32(valueTypes.string), u32(name.length), name);
  }
  for (const { type, value } of ordered) {
    const bytes = keyBytes(type, value);
    chunks.push(u32(valueTypes[type]), u32(bytes.length), bytes);
  }
  return Buffer.concat(chunks);
}

function keyBytes(type: KeyType, value: KeyValue): Buffer {
  switch (type) {
    case 'string':
      return Buffer.from(value as string);
    case 'bytes':
      return Buffer.from(value as Uint8Array);
    case 'int32': {
      const bytes = Buffer.allocUnsafe(4);
      bytes.writeInt32LE(Number(value));
      return bytes;
    }
    default: {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64LE(BigInt(value as number | bigint));
      return bytes;
    }
  }
}

function u32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(number);
  return bytes;
}
