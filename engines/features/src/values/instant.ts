import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A moment, as `google.protobuf.Timestamp` holds it: `nanos` counts forward from `seconds`, 0 to 999,999,999. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/** What is answered where there is no event: Feast's zero. */
export const EPOCH: Instant = { seconds: 0, nanos: 0 };

const NANOS_IN_SECOND = 1_000_000_000n;

export function instantOfNanoseconds(nanoseconds: bigint): Instant {
  const nanos = Number(((nanoseconds % NANOS_IN_SECOND) + NANOS_IN_SECOND) % NANOS_IN_SECOND);
  return { seconds: Number((nanoseconds - BigInt(nanos)) / NANOS_IN_SECOND), nanos };
}

export function millisecondsOf({ seconds, nanos }: Instant): number {
  return seconds * 1000 + nanos / 1e6;
}

const DATE_AND_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?$/i;

/**
 * A moment from ISO 8601 text; without a zone it is UTC, as in Feast. Digits below the nanosecond are refused.
 * @returns undefined where the text is no such moment
 */
export function parseInstant(text: string): Instant | undefined {
  const [, date, time = '00:00', seconds = '00', fraction = '', zone = 'Z'] = DATE_AND_TIME.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const offset = /^(Z|UTC)$/i.test(zone)
    ? 'Z'
    : zone.replace(/^([+-]\d{2}):?(\d{2})?$/, (_, h, m = '00') => `${h}:${m}`);
  const milliseconds = Date.parse(`${date}T${time}:${seconds}${offset}`);
  if (Number.isNaN(milliseconds)) return undefined;
  // Date.parse takes 31 February for a day of March.
  if (new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date) return undefined;
  return { seconds: milliseconds / 1000, nanos: Number(fraction.padEnd(9, '0')) };
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits of the second, as protobuf's JSON writes it. */
export function formatInstant({ seconds, nanos }: Instant): string {
  const date = new Date(seconds * 1000);
  const whole = date.toISOString().slice(0, -5);
  if (nanos === 0) return `${whole}Z`;
  const digits = String(nanos).padStart(9, '0');
  return `${whole}.${digits.replace(/^(\d{3})(?:000000)$|^(\d{6})(?:000)$|^(\d{9})$/, '$1$2$3')}Z`;
}

export function encodeInstant({ seconds, nanos }: Instant): Uint8Array {
  const writer = new BinaryWriter();
  if (seconds !== 0) writer.tag(1, WireType.Varint).int64(seconds);
  if (nanos !== 0) writer.tag(2, WireType.Varint).int32(nanos);
  return writer.finish();
}

/** @throws where the bytes are no `google.protobuf.Timestamp` */
export function decodeInstant(bytes: Uint8Array): Instant {
  const seconds = wholeSeconds(bytes);
  if (seconds !== undefined) return { seconds, nanos: 0 };
  return readInstant(new BinaryReader(bytes));
}

/** The seconds where there is nothing else, as in most of what is materialised. */
function wholeSeconds(bytes: Uint8Array): number | undefined {
  if (bytes[0] !== 0x08) return undefined;
  let [value, scale] = [0, 1];
  for (let i = 1; i < bytes.length && i < 8; i++) {
    const byte = bytes[i] ?? 0;
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte < 128) return i === bytes.length - 1 ? value : undefined;
  }
  return undefined;
}

function readInstant(reader: BinaryReader): Instant {
  let [seconds, nanos] = [0, 0];
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (field === 1) seconds = Number(reader.int64());
    else if (field === 2) nanos = reader.int32();
    else reader.skip(wire);
  }
  return { seconds, nanos };
}
