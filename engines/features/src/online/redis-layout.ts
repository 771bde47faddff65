import { murmur3 } from '../values/murmur3.ts';
import type { ViewFeatures } from './store.ts';

// Feast's layout: one hash for each entity key and project, which all views of the same key share. A feature's field is
// the hash of `view:feature`, a view's time lies in `_ts:view` as google.protobuf.Timestamp, values are
// feast.types.Value.

export function redisKey(entityKey: Buffer, project: string): Buffer {
  return Buffer.concat([entityKey, Buffer.from(project)]);
}

/** Four bytes, little-endian. */
export function featureField(view: string, feature: string): Buffer {
  const field = Buffer.allocUnsafe(4);
  field.writeUInt32LE(murmur3(Buffer.from(`${view}:${feature}`)));
  return field;
}

function timeField(view: string): Buffer {
  return Buffer.from(`_ts:${view}`);
}

const known = new WeakMap<ViewFeatures, readonly Buffer[]>();
const CRLF = Buffer.from('\r\n');
const readers = new WeakMap<readonly ViewFeatures[], readonly [Buffer, Buffer]>();

/** HMGET of one key, in Redis's protocol: what stands before and behind the key is the same for all keys of a request. */
export function readCommand(views: readonly ViewFeatures[], key: Buffer): Buffer {
  const [before, behind] = readers.get(views) ?? makeReader(views);
  return Buffer.concat([before, Buffer.from(`$${key.length}\r\n`), key, behind]);
}

function makeReader(views: readonly ViewFeatures[]): readonly [Buffer, Buffer] {
  const fields = views.flatMap((view) => fieldsOf(view));
  const behind = fields.flatMap((field) => [Buffer.from(`$${field.length}\r\n`), field, CRLF]);
  const reader = [Buffer.from(`*${fields.length + 2}\r\n$5\r\nhmget\r\n`), Buffer.concat([CRLF, ...behind])] as const;
  readers.set(views, reader);
  return reader;
}

/** The fields of a view's features, and last that of its time. */
export function fieldsOf(view: ViewFeatures): readonly Buffer[] {
  const before = known.get(view);
  if (before !== undefined) return before;
  const fields = [...view.features.map((feature) => featureField(view.view, feature)), timeField(view.view)];
  known.set(view, fields);
  return fields;
}

/** The values of a row as one argument of the script: each behind its length, four bytes, little-endian. */
export function packValues(values: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const value of values) length += 4 + value.length;
  const packed = Buffer.allocUnsafe(length);
  let at = 0;
  for (const value of values) {
    packed.writeUInt32LE(value.length, at);
    packed.set(value, at + 4);
    at += 4 + value.length;
  }
  return packed;
}

/**
 * Writes rows of one view where they are newer. Between reading a time and writing nothing else happens: Feast's own
 * client reads first and writes later, so that two writers can leave the older row.
 * KEYS: the rows' hashes. ARGV: the number of features, their fields, the time's field; then for each row its time and
 * its packed values. Answers how many were written.
 */
export const WRITE_IF_NEWER = `
local function moment(bytes)
  local seconds, nanos, at = 0, 0, 1
  while at <= #bytes do
    local tag = bytes:byte(at)
    local value, inverse, scale, length, byte = 0, 0, 1, 0, 0
    repeat
      at, length = at + 1, length + 1
      byte = bytes:byte(at)
      if length < 10 then
        value, inverse = value + byte % 128 * scale, inverse + (127 - byte % 128) * scale
        scale = scale * 128
      else
        value = -(inverse + 1)
      end
    until byte < 128
    at = at + 1
    if tag == 8 then seconds = value elseif tag == 16 then nanos = value end
  end
  return seconds, nanos
end
local function isNewer(before, now)
  if not before then return true end
  if before == now then return false end
  local oldSeconds, oldNanos = moment(before)
  local newSeconds, newNanos = moment(now)
  return newSeconds > oldSeconds or (newSeconds == oldSeconds and newNanos > oldNanos)
end
local count, written = tonumber(ARGV[1]), 0
local timeField = ARGV[count + 2]
for row, key in ipairs(KEYS) do
  local time, packed = ARGV[count + 1 + 2 * row], ARGV[count + 2 + 2 * row]
  if isNewer(redis.call('HGET', key, timeField), time) then
    local pairs, at = {timeField, time}, 1
    for feature = 1, count do
      pairs[#pairs + 1] = ARGV[feature + 1]
      pairs[#pairs + 1], at = struct.unpack('<I4c0', packed, at)
    end
    for from = 1, #pairs, 1000 do redis.call('HSET', key, unpack(pairs, from, math.min(from + 999, #pairs))) end
    written = written + 1
  end
end
return written
`;
