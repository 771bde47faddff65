import { describe, expect, it } from 'vitest';
import { featureField, redisKey } from '../src/online/redis-layout.ts';
import { decodeValue, valueToJson } from '../src/values/decode.ts';
import { encodeValue } from '../src/values/encode.ts';
import { type KeyPart, serializeEntityKey } from '../src/values/entity-key.ts';
import { type FeatureValue, ZonedTimestamp } from '../src/values/feature-value.ts';
import { decodeInstant, encodeInstant, formatInstant, parseInstant } from '../src/values/instant.ts';
import type { ValueType } from '../src/values/value-type.ts';

// The bytes are Feast's: they were read from a registry and a Redis that Feast 0.66 had written.

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe("Feast's layout", () => {
  it.each<[string, readonly KeyPart[], string]>([
    [
      'an int64',
      [{ joinKey: 'driver_id', type: 'int64', value: 1001 }],
      '0100000002000000090000006472697665725f69640400000008000000e903000000000000',
    ],
    [
      'text',
      [{ joinKey: 'user', type: 'string', value: 'héllo' }],
      '01000000020000000400000075736572020000000600000068c3a96c6c6f',
    ],
    ['an int32', [{ joinKey: 'k', type: 'int32', value: -5 }], '0100000002000000010000006b0300000004000000fbffffff'],
    [
      'a time',
      [{ joinKey: 't', type: 'unix_timestamp', value: 1_700_000_000 }],
      '01000000020000000100000074080000000800000000f1536500000000',
    ],
    [
      'bytes',
      [{ joinKey: 'b', type: 'bytes', value: Buffer.from('00ff', 'hex') }],
      '01000000020000000100000062010000000200000000ff',
    ],
    [
      'two columns, in the order of their names',
      [
        { joinKey: 'customer_id', type: 'int64', value: 7 },
        { joinKey: 'account', type: 'string', value: 'x' },
      ],
      '0200000002000000070000006163636f756e74020000000b000000637573746f6d65725f696402000000010000007804000000080000000700000000000000',
    ],
    [
      'no entity',
      [{ joinKey: '__dummy_id', type: 'string', value: '' }],
      '01000000020000000a0000005f5f64756d6d795f69640200000000000000',
    ],
  ])('serializes a key of %s', (_what, parts, expected) => {
    expect(hex(serializeEntityKey(parts))).toBe(expected);
  });

  it('names hashes by key and project, and fields by view and feature', () => {
    const key = serializeEntityKey([{ joinKey: 'driver_id', type: 'int64', value: 1001 }]);
    expect(hex(redisKey(key, 'demo'))).toBe(
      '0100000002000000090000006472697665725f69640400000008000000e90300000000000064656d6f',
    );
    const fields = [
      ['driver_hourly_stats', 'conv_rate', '6160e3da'],
      ['fv_0', 'feature_0', '97eaedcf'],
      ['a', 'é', '32e3ab52'],
    ] as const;
    for (const [view, feature, expected] of fields) expect(hex(featureField(view, feature))).toBe(expected);
  });

  it.each<[ValueType, FeatureValue, string]>([
    ['int64', 0, '2000'],
    ['int64', -1, '20ffffffffffffffffff01'],
    ['float', 0.5, '350000003f'],
    ['double', 0.5, '29000000000000e03f'],
    ['bool', false, '3800'],
    ['string', '', '1200'],
    ['string', null, ''],
    ['double', Number.NaN, ''],
    ['double_list', [1, Number.NaN], '7a120a10000000000000f03f000000000000f87f'],
    ['int64_list', [1, 2], '72040a020102'],
    ['string_list', ['a', 'b'], '62060a01610a0162'],
    ['unix_timestamp', 1_767_323_045, '40a5ebdcca06'],
    ['bytes', Buffer.from('00ff', 'hex'), '0a0200ff'],
  ])('writes %s %s', (type, value, expected) => {
    expect(hex(encodeValue(type, value))).toBe(expected);
  });

  it('writes a time', () => {
    const instant = parseInstant('2026-11-23T03:00:00.123456Z') ?? { seconds: 0, nanos: 0 };
    expect(hex(encodeInstant(instant))).toBe('08b0d88ed806108094ef3a');
    expect(decodeInstant(encodeInstant(instant))).toEqual(instant);
  });
});

describe('a value', () => {
  const everyType: [ValueType, FeatureValue, string][] = [
    ['int64', 2n ** 53n + 1n, '9007199254740993'],
    ['int32', -5, '-5'],
    ['float', Math.fround(0.1), '0.10000000149011612'],
    ['double', 2, '2.0'],
    ['double', -0, '-0.0'],
    ['double', 1e300, '1e+300'],
    ['double_list', [1, Number.POSITIVE_INFINITY], '[1.0,"Infinity"]'],
    ['bool', true, 'true'],
    ['string', 'a"b\u2028', JSON.stringify('a"b\u2028')],
    ['bytes', Uint8Array.of(0, 255), '"AP8="'],
    ['bytes_list', [Uint8Array.of(1)], '["AQ=="]'],
    ['unix_timestamp', -1, '-1'],
    ['bool_list', [true, false], '[true,false]'],
    ['int32_set', [3, -3], '[3,-3]'],
    ['json', '{"a":1}', '"{\\"a\\":1}"'],
    ['uuid', '00000000-0000-0000-0000-000000000001', '"00000000-0000-0000-0000-000000000001"'],
    ['decimal', '1.50', '"1.50"'],
    ['map', { a: 1, b: { c: ['x'] }, d: null, e: 1.5 }, '{"a":1,"b":{"c":["x"]},"d":null,"e":1.5}'],
    ['struct_list', [{ a: true }, {}], '[{"a":true},{}]'],
    ['value_list', [[1, 2], ['x'], null], '[[1,2],["x"],null]'],
    ['string_list', [], '[]'],
  ];
  it.each(everyType)('of type %s comes back as it was, and as JSON', (type, value, json) => {
    const bytes = encodeValue(type, value);
    expect(decodeValue(bytes)).toEqual(value);
    expect(valueToJson(bytes)).toBe(json);
  });

  it('with a zone is told in its zone', () => {
    const told = (zone: string) => valueToJson(encodeValue('zoned_timestamp', new ZonedTimestamp(1_700_000_000, zone)));
    expect(told('UTC')).toBe('"2023-11-14T22:13:20+00:00"');
    expect(told('-03:30')).toBe('"2023-11-14T18:43:20-03:30"');
    expect(told('Europe/Berlin')).toBe('"2023-11-14T23:13:20+01:00"');
  });

  it('that is unset is null', () => {
    expect(decodeValue(new Uint8Array())).toBe(null);
    expect(valueToJson(new Uint8Array())).toBe('null');
    expect(valueToJson(Buffer.from('980100', 'hex'))).toBe('null');
  });
});

describe('a moment', () => {
  it.each([
    ['2026-11-23T03:00:00Z', '2026-11-23T03:00:00Z'],
    ['2026-11-23 03:00:00', '2026-11-23T03:00:00Z'],
    ['2026-11-23T03:00:00.25+01:00', '2026-11-23T02:00:00.250Z'],
    ['2026-11-23T03:00:00.000001234-0330', '2026-11-23T06:30:00.000001234Z'],
    ['1969-12-31T23:59:59.5', '1969-12-31T23:59:59.500Z'],
    ['2026-11-23', '2026-11-23T00:00:00Z'],
  ])('%s is %s', (text, expected) => {
    expect(formatInstant(parseInstant(text) ?? { seconds: 0, nanos: 0 })).toBe(expected);
  });

  it.each(['', 'now', '2026-02-31', '2026-13-01', '2026-11-23T25:00', '1700000000'])('%s is none', (text) => {
    expect(parseInstant(text)).toBeUndefined();
  });

  it('before 1970 keeps its sign in bytes', () => {
    const instant = { seconds: -1, nanos: 5 };
    expect(decodeInstant(encodeInstant(instant))).toEqual(instant);
  });
});
