import { expect, it } from 'vitest';
import { ago } from '../history.ts';
import type { FeatureServer } from '../serving.ts';

const trips = async (server: FeatureServer, id: number) => {
  const answer = await server.online({ features: ['driver_stats:trips'], entities: { driver_id: [id] } });
  return answer.trips?.values[0];
};

/** Rows for drivers: a column that is given as one value is the same for all. */
export function drivers(ids: readonly number[], columns: Record<string, unknown> = {}): Record<string, unknown[]> {
  const given = {
    event_timestamp: ago(1),
    created: ago(1),
    conv_rate: 0.5,
    trips: 1,
    nickname: 'x',
    ...columns,
  };
  return {
    driver_id: [...ids],
    ...Object.fromEntries(
      Object.entries(given).map(([name, value]) => [name, Array.isArray(value) ? value : ids.map(() => value)]),
    ),
  };
}

/** Writing rows: /push and /write-to-online-store. */
export function writingCases(server: () => FeatureServer): void {
  const write = (df: object, view = 'driver_stats') =>
    server().post('/write-to-online-store', { feature_view_name: view, df, allow_registry_cache: false });
  const push = (df: object, rest: object = {}) =>
    server().post('/push', { push_source_name: 'driver_push', df, ...rest });

  it('writes rows of a view, and reads them back', async () => {
    const { status, text } = await write(drivers([2001, 2002], { trips: [5, 6], nickname: ['Zoë', null] }));
    expect([status, text]).toEqual([200, 'null']);
    expect([await trips(server(), 2001), await trips(server(), 2002)]).toEqual([5, 6]);
  });

  it('pushes rows to all views of a source, with an empty answer', async () => {
    const { status, text } = await push(drivers([2010], { trips: 7 }));
    expect([status, text]).toEqual([200, '']);
    expect(await trips(server(), 2010)).toBe(7);
  });

  it('keeps the newer row, whichever comes first', async () => {
    const time = (minutes: number) => new Date(Date.parse(ago(1)) + minutes * 60_000).toISOString();
    await write(drivers([2020], { trips: 2, event_timestamp: time(10) }));
    await write(drivers([2020], { trips: 1, event_timestamp: time(5) }));
    expect(await trips(server(), 2020)).toBe(2);
    await write(drivers([2020, 2020], { trips: [4, 3], event_timestamp: [time(20), time(15)] }));
    expect(await trips(server(), 2020)).toBe(4);
    // An equal time does not replace: Feast's rule on Redis.
    await write(drivers([2020], { trips: 9, event_timestamp: time(20) }));
    expect(await trips(server(), 2020)).toBe(4);
  });

  it('tells times below the second apart', async () => {
    const second = ago(1).replace('.000Z', '');
    await write(drivers([2030], { trips: 1, event_timestamp: `${second}.000002` }));
    await write(drivers([2030], { trips: 2, event_timestamp: `${second}.000001` }));
    expect(await trips(server(), 2030)).toBe(1);
    const answer = await server().online({ features: ['driver_stats:trips'], entities: { driver_id: [2030] } });
    expect(answer.trips?.times).toEqual([`${second}.000002Z`]);
  });

  it('refuses what it cannot find as Feast does', async () => {
    const unknown = await server().post('/push', { push_source_name: 'nope', df: drivers([1]) });
    expect(unknown.status).toBe(422);
    expect(JSON.parse(unknown.body)).toEqual({
      module: 'feast.errors',
      class: 'PushSourceNotFoundException',
      message: "Unable to find push source 'nope'.",
    });
    const noView = await write(drivers([1]), 'nope');
    expect(noView.status).toBe(404);
    expect(JSON.parse(noView.body)).toMatchObject({ class: 'FeastObjectNotFoundException' });
  });

  it.each<[string, object, string]>([
    ['a missing column', { driver_id: [1], event_timestamp: [ago(1)], trips: [1] }, 'conv_rate'],
    ['columns of different length', { ...drivers([1]), trips: [1, 2] }, 'trips'],
    ['a value of another type', drivers([2040, 2041], { trips: [1, 'many'] }), 'df.trips[1]'],
    ['a time that is none', drivers([2040], { event_timestamp: 'yesterday' }), 'event_timestamp[0]'],
    ['a key that is null', { ...drivers([2040]), driver_id: [null] }, 'driver_id[0]'],
  ])('refuses %s, and writes nothing', async (_what, df, named) => {
    const { status, text } = await write(df);
    if (server().isFeast) return;
    expect([status, text]).toEqual([400, expect.stringContaining(named)]);
    expect(await trips(server(), 2040)).toBe(null);
  });

  it('refuses a way that does not exist', async () => {
    const { status, text } = await push(drivers([1]), { to: 'bogus' });
    expect(status).toBe(server().isFeast ? 500 : 400);
    expect(text).toContain('online_and_offline');
  });
}
