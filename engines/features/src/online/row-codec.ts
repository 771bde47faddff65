import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// How the embedded store keeps the values of a row in one column: feast.types.Map, from feature to value.

export function encodeRow(features: readonly string[], values: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [i, feature] of features.entries()) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(feature);
    writer.tag(2, WireType.LengthDelimited).bytes(values[i] as Uint8Array<ArrayBuffer>);
    writer.join();
  }
  return writer.finish();
}

export function decodeRow(bytes: Uint8Array): Map<string, Uint8Array> {
  const values = new Map<string, Uint8Array>();
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    reader.tag();
    const end = reader.uint32() + reader.pos;
    let name = '';
    let value: Uint8Array = new Uint8Array();
    while (reader.pos < end) {
      const [field] = reader.tag();
      if (field === 1) name = reader.string();
      else value = reader.bytes();
    }
    values.set(name, value);
  }
  return values;
}
