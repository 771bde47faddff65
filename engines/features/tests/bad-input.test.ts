import { temporaryFolder } from '@mlops/testing';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drivers } from './contract/writing.ts';
import { ago, makeRepository } from './history.ts';
import { serverOf } from './serving.ts';

const SEED = Number(process.env.MLOPS_SEED ?? 7);
const ROUNDS = Number(process.env.MLOPS_ROUNDS ?? 1500);
const ADDRESSES = [
  '/get-online-features',
  '/get-historical-features',
  '/push',
  '/write-to-online-store',
  '/materialize',
  '/materialize-incremental',
];

describe('whatever is asked', () => {
  let app: FastifyInstance;
  const cleanUp: (() => unknown)[] = [];
  beforeAll(async () => {
    const [repository, data] = [await makeRepository(), temporaryFolder()];
    app = await serverOf('--data', data.path, '--definitions', repository.path);
    cleanUp.push(repository.remove, data.remove, () => app.close());
  });
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  const post = (url: string, payload: string) =>
    app.inject({ method: 'POST', url, payload, headers: { 'content-type': 'application/json' } });

  // Words that mean something here, so that many requests come far.
  const word = fc.oneof(
    fc.constantFrom('driver_id', 'driver_stats', 'driver_push', 'conv_rate', 'trips', 'nickname', 'event_timestamp'),
    fc.constantFrom('customer_id', 'account', 'orders', 'city', 'driver_activity', 'online', 'offline', '__proto__'),
    fc.constantFrom(
      'driver_stats:trips',
      'orders:amount',
      'orders:items',
      'city:drivers_online',
      'nope:x',
      'constructor',
    ),
    fc.constantFrom('2026-01-01T00:00:00Z', '1001', 'NaN', "'; drop table x; --", '\u0000', '\ud800'),
    fc.string({ maxLength: 5 }),
  );
  const scalar = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.bigInt().map(Number));
  const value = fc.oneof(
    { weight: 4, arbitrary: scalar },
    { weight: 4, arbitrary: fc.array(fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), { maxLength: 4 }) },
    { weight: 1, arbitrary: fc.dictionary(word, scalar, { maxKeys: 3 }) },
  );
  const frame = fc.dictionary(word, fc.array(scalar, { maxLength: 2 }), { maxKeys: 5 });
  const field = fc.constantFrom(
    'entities',
    'features',
    'feature_service',
    'full_feature_names',
    'push_source_name',
    'df',
    'to',
    'feature_view_name',
    'start_ts',
    'end_ts',
    'feature_views',
    'version',
    'disable_event_timestamp',
    'timestamp_column',
    'constructor',
  );
  /** Requests that are right, of which some fields and some columns become something else. */
  const right: readonly [string, Record<string, unknown>][] = [
    [
      '/get-online-features',
      { features: ['driver_stats:trips', 'city:drivers_online'], entities: { driver_id: [1, 2] } },
    ],
    [
      '/get-online-features',
      { feature_service: 'driver_activity', entities: { driver_id: [1] }, full_feature_names: true },
    ],
    [
      '/get-historical-features',
      { features: ['orders:items'], entities: { customer_id: [1], account: ['a'], event_timestamp: [ago(1)] } },
    ],
    ['/push', { push_source_name: 'driver_push', df: drivers([1, 2]), to: 'online' }],
    ['/write-to-online-store', { feature_view_name: 'driver_stats', df: drivers([3]) }],
    ['/materialize', { start_ts: ago(9), end_ts: ago(1), feature_views: ['orders'] }],
    ['/materialize-incremental', { end_ts: ago(1) }],
  ];
  const request = fc
    .record({
      base: fc.constantFrom(...right),
      fields: fc.dictionary(field, fc.oneof(value, frame), { maxKeys: 1 }),
      columns: fc.dictionary(word, fc.oneof(value, fc.array(scalar, { minLength: 1, maxLength: 2 })), { maxKeys: 1 }),
    })
    .map(({ base: [url, body], fields, columns }): [string, object] => {
      const changed = Object.entries({ ...body, ...fields }).map(([name, given]) => {
        const isFrame = (name === 'entities' || name === 'df') && typeof given === 'object' && !Array.isArray(given);
        return [name, isFrame ? { ...(given as object), ...columns } : given] as const;
      });
      return [url, Object.fromEntries(changed)];
    });

  it('is answered or refused, and never fails', { timeout: 300_000 }, async () => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(request, async ([url, body]) => {
        const { statusCode, payload } = await post(url, JSON.stringify(body));
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
        // 501 names what this server does not offer.
        expect([url, statusCode, payload].join(' ')).not.toMatch(/ (?:500|502|503|504) /);
      }),
      { seed: SEED, numRuns: ROUNDS },
    );
    expect(statuses.get(200) ?? 0).toBeGreaterThan(ROUNDS / 10);
    expect(statuses.get(400) ?? 0).toBeGreaterThan(ROUNDS / 10);
  });

  it.each(['', ' ', '{', '[', 'null', '"x"', '{"entities":', '\u0000', '{"a":1}{', '['.repeat(5000)])(
    'is refused where it is no JSON object: %j',
    async (payload) => {
      for (const url of ADDRESSES) expect((await post(url, payload)).statusCode, url).toBe(400);
    },
  );

  it('is refused where it is larger than is read', async () => {
    const body = `{"features":["city:drivers_online"],"entities":{"x":[${'0,'.repeat(500_001)}0]}}`;
    const { statusCode, payload } = await post('/get-online-features', body);
    expect([statusCode, payload]).toEqual([413, expect.stringContaining('send it in parts')]);
  });

  it('is refused where the answer would be larger than is written', async () => {
    const rows = Array.from({ length: 400_000 }, (_, i) => i);
    const features = ['driver_stats:trips', 'driver_stats:conv_rate', 'driver_stats:nickname'];
    const online = await post('/get-online-features', JSON.stringify({ features, entities: { driver_id: rows } }));
    expect([online.statusCode, online.payload]).toEqual([413, expect.stringContaining('ask in parts')]);
    const part = rows.slice(0, 240_000);
    const entities = { driver_id: part, event_timestamp: part.map(() => ago(1)) };
    const historical = await post('/get-historical-features', JSON.stringify({ features, entities }));
    expect([historical.statusCode, historical.payload]).toEqual([413, expect.stringContaining('ask for Parquet')]);
  });

  it('has an address that is known', async () => {
    expect((await app.inject('/nope')).statusCode).toBe(404);
    expect((await app.inject('/push')).statusCode).toBe(405);
  });
});
