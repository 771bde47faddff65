import { join } from 'node:path';
import { openDatabase } from '@mlops/database';
import { startRedis, suite, temporaryFolder } from '@mlops/testing';
import { afterEach, expect, it } from 'vitest';
import { type FeatureEngine, type FeatureHost, openFeatures } from '../src/index.ts';
import { decodeValue } from '../src/values/decode.ts';
import { drivers } from './contract/writing.ts';
import { ago, makeRepository } from './history.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

async function engineOn(online?: string): Promise<FeatureEngine & Pick<FeatureHost, 'ping'>> {
  const [repository, data] = [await makeRepository(), temporaryFolder()];
  const database = openDatabase<unknown>({ data: data.path });
  const host = await openFeatures({
    definitions: { kind: 'yaml', folder: repository.path, project: 'p' },
    database,
    online,
    scratch: join(data.path, 'scratch'),
  });
  cleanUp.push(
    repository.remove,
    data.remove,
    () => database.close(),
    () => host.close(),
  );
  return Object.assign(await host.engine('p'), { ping: host.ping });
}

const trips = async (engine: FeatureEngine, id: number) => {
  const request = { entities: { driver_id: [id] }, features: ['driver_stats:trips'] };
  return decodeValue((await engine.getOnlineFeatures(request)).columns[1]?.values[0] ?? new Uint8Array());
};
const write = (engine: FeatureEngine, id: number, more: object = {}) =>
  engine.writeToOnlineStore({ view: 'driver_stats', rows: drivers([id], { ...more }) });

for (const [name, needs] of [
  ['the database', []],
  ['redis', ['redis-server']],
] as const) {
  suite(`an engine on ${name}`, { needs }, () => {
    const open = async () => {
      if (name !== 'redis') return engineOn();
      const redis = await startRedis();
      cleanUp.push(redis.stop);
      return engineOn(redis.url);
    };

    it('tells which rows were newer', async () => {
      const engine = await open();
      expect(await write(engine, 1)).toEqual({ driver_stats: 1 });
      expect(await write(engine, 1)).toEqual({ driver_stats: 0 });
      expect(await write(engine, 1, { event_timestamp: ago(0.5) })).toEqual({ driver_stats: 1 });
    });

    it('keeps the newest row of many writers', async () => {
      const engine = await open();
      const times = Array.from({ length: 40 }, (_, i) => i).sort((a, b) => ((a * 17) % 40) - ((b * 17) % 40));
      const time = (i: number) => new Date(Date.parse(ago(2)) + i).toISOString();
      await Promise.all(times.map((i) => write(engine, 2, { trips: i, event_timestamp: time(i) })));
      expect(await trips(engine, 2)).toBe(39);
    });

    it('keeps events before 1970 in their order', async () => {
      const engine = await open();
      await write(engine, 3, { trips: 1, event_timestamp: '1960-01-01T00:00:00.5Z' });
      await write(engine, 3, { trips: 2, event_timestamp: '1959-01-01T00:00:00Z' });
      expect(await trips(engine, 3)).toBe(1);
      await write(engine, 3, { trips: 3, event_timestamp: '1969-12-31T23:59:59Z' });
      expect(await trips(engine, 3)).toBe(3);
      await write(engine, 3, { trips: 4, event_timestamp: '1970-01-01T00:00:01Z' });
      expect(await trips(engine, 3)).toBe(4);
    });

    it('forgets an entity where it is asked to, and tells where it was', async () => {
      const engine = await open();
      await write(engine, 4);
      await write(engine, 5);
      expect(await engine.erase({ entity: { driver_id: 4 } })).toEqual({ online: ['driver_stats'] });
      expect([await trips(engine, 4), await trips(engine, 5)]).toEqual([null, 1]);
      expect(await engine.erase({ entity: { driver_id: 4 } })).toEqual({ online: [] });
      await expect(engine.erase({ entity: { nobody: 4 } })).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(engine.erase({ entity: { driver_id: 'x' } })).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
    });
  });
}

suite('an engine whose Redis goes away', { needs: ['redis-server'] }, () => {
  it('says so at once, and goes on when it is back', async () => {
    const redis = await startRedis();
    const engine = await engineOn(redis.url);
    cleanUp.push(redis.stop);
    await write(engine, 1);
    await redis.interrupt();
    for (const call of [() => trips(engine, 1), () => write(engine, 1), () => engine.ping()]) {
      await expect(call()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    }
    await redis.revive();
    await expect
      .poll(
        () =>
          engine.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 10_000 },
      )
      .toBe(true);
    expect(await trips(engine, 1)).toBe(null);
    expect(await write(engine, 1)).toEqual({ driver_stats: 1 });
  });
});

it('adds pushed rows to the history where that is asked', async () => {
  const engine = await engineOn();
  const rows = drivers([1001, 3001], { trips: [50, 51], created: ago(1) });
  const push = (to: 'online' | 'offline' | 'online_and_offline', more = rows) =>
    engine.push({ source: 'driver_push', rows: more, to });
  await push('offline');
  expect(await trips(engine, 3001)).toBe(null);
  const request = {
    entities: { driver_id: [1001, 3001, 1001], event_timestamp: [ago(0), ago(0), ago(2)] },
    features: ['driver_stats:trips', 'driver_stats:nickname'],
  };
  expect(await engine.historicalColumns(request)).toMatchObject({
    trips: [50n, 51n, 21n],
    nickname: ['x', 'x', 'Ann'],
  });
  await push('online_and_offline', drivers([3002], { trips: 7 }));
  expect(await trips(engine, 3002)).toBe(7);
  expect((await engine.statistics('driver_stats')).rows).toBe(8);
  const { created: _created, ...incomplete } = rows;
  await expect(push('offline', incomplete)).rejects.toThrow(/'created' of the source is missing/);
  expect((await engine.statistics('driver_stats')).rows).toBe(8);
});

it('tells what the history of a view holds', async () => {
  const engine = await engineOn();
  const statistics = await engine.statistics('driver_stats');
  expect(statistics).toMatchObject({ view: 'driver_stats', rows: 5, firstEvent: Date.parse(ago(200)) });
  expect(statistics.lastEvent).toBe(Date.parse(ago(3)));
  expect(statistics.features).toEqual([
    { feature: 'conv_rate', nulls: 0, distinct: 5, min: 0.125, max: 1, mean: 0.525, stddev: expect.any(Number) },
    {
      feature: 'trips',
      nulls: 0,
      distinct: 5,
      min: 3,
      max: 2 ** 53,
      mean: expect.any(Number),
      stddev: expect.any(Number),
    },
    { feature: 'nickname', nulls: 1, distinct: 4 },
  ]);
});
