import { beforeAll, expect, it } from 'vitest';
import { ago } from '../history.ts';
import type { FeatureServer } from '../serving.ts';

const EPOCH = '1970-01-01T00:00:00Z';
const shown = (hours: number) => ago(hours).replace('.000Z', 'Z');

/** Reading online, after a materialisation of all that there is. */
export function onlineCases(server: () => FeatureServer): void {
  beforeAll(async () => {
    const { status, text } = await server().post('/materialize', { start_ts: ago(24 * 60), end_ts: ago(0) });
    expect([status, text]).toEqual([200, 'null']);
  });

  it('answers by column: values, statuses and times for each row, duplicates included', async () => {
    const answer = await server().online({
      features: ['driver_stats:trips', 'driver_stats:conv_rate', 'driver_stats:nickname'],
      entities: { driver_id: [1001, 1002, 1001] },
    });
    expect(Object.keys(answer).sort()).toEqual(['conv_rate', 'driver_id', 'nickname', 'trips']);
    expect(answer.driver_id).toEqual({
      values: [1001, 1002, 1001],
      statuses: ['PRESENT', 'PRESENT', 'PRESENT'],
      times: [EPOCH, EPOCH, EPOCH],
    });
    // Of equal events the one that was made last.
    expect(answer.conv_rate).toEqual({
      values: [0.75, 0.125, 0.75],
      statuses: ['PRESENT', 'PRESENT', 'PRESENT'],
      times: [shown(3), shown(4), shown(3)],
    });
    // A null is told as such; Feast's Python server calls it PRESENT.
    const status = server().isFeast ? 'PRESENT' : 'NULL_VALUE';
    expect(answer.nickname).toMatchObject({ values: ['Ann', null, 'Ann'], statuses: ['PRESENT', status, 'PRESENT'] });
  });

  it('answers every digit of an integer', async () => {
    const { text } = await server().post('/get-online-features', {
      features: ['driver_stats:trips'],
      entities: { driver_id: [1002] },
    });
    expect(text).toContain('[9007199254740993]');
  });

  it('keeps the order of asking', async () => {
    if (server().isFeast) return;
    const { body } = await server().post('/get-online-features', {
      features: ['driver_stats:trips', 'city:drivers_online', 'driver_stats:conv_rate'],
      entities: { driver_id: [1001] },
    });
    expect(body.metadata.feature_names).toEqual(['driver_id', 'trips', 'drivers_online', 'conv_rate']);
  });

  it('says that a key is not there, and that a value is too old', async () => {
    const answer = await server().online({
      features: ['driver_stats:trips', 'driver_fresh:conv_rate'],
      entities: { driver_id: [9999, 1001, 1003] },
    });
    if (server().isFeast) {
      // On Redis it calls everything PRESENT.
      expect(answer.trips?.values).toEqual([null, 21, 3]);
      return;
    }
    expect(answer.trips).toEqual({
      values: [null, 21, 3],
      statuses: ['NOT_FOUND', 'PRESENT', 'OUTSIDE_MAX_AGE'],
      times: [EPOCH, shown(3), shown(200)],
    });
    expect(answer.conv_rate?.statuses).toEqual(['NOT_FOUND', 'OUTSIDE_MAX_AGE', 'OUTSIDE_MAX_AGE']);
  });

  it('finds rows by several columns, in whatever order they come', async () => {
    const answer = await server().online({
      features: ['orders:amount', 'orders:items', 'orders:paid'],
      entities: { account: ['a', 'b', ''], customer_id: [1, 1, 11] },
    });
    expect(answer.amount?.values).toEqual([1.5, 2, -0.25]);
    expect(answer.items?.values).toEqual([['x', 'y'], ['z'], ['é']]);
    expect(answer.paid?.values).toEqual([true, false, null]);
  });

  it('takes a service, full names, and keys under other names', async () => {
    const activity = await server().online({
      feature_service: 'driver_activity',
      entities: { driver_id: [1001] },
      full_feature_names: true,
    });
    expect(activity.driver_stats__trips?.values).toEqual([21]);
    expect(activity.city__drivers_online?.values).toEqual([6]);
    const two = await server().online({
      feature_service: 'two_drivers',
      entities: { first_driver: [1001, 1002], second_driver: [1003, 1001] },
      full_feature_names: true,
    });
    expect(two.first__trips?.values[0]).toBe(21);
    expect(two.second__trips?.values).toEqual([3, 21]);
  });

  it('reads keys as the type that they have, and by the name of their entity', async () => {
    const asText = await server().online({ features: ['driver_stats:trips'], entities: { driver_id: ['1001'] } });
    expect(asText).toMatchObject({ driver_id: { values: [1001] }, trips: { values: [21] } });
    const byEntity = await server().online({ features: ['driver_stats:trips'], entities: { driver: [1001] } });
    expect(byEntity.trips?.values).toEqual([21]);
  });

  it.each([
    ['an unknown view', { features: ['nope:x'], entities: { driver_id: [1] } }, 'FeatureViewNotFoundException'],
    [
      'an unknown service',
      { feature_service: 'nope', entities: { driver_id: [1] } },
      'FeatureServiceNotFoundException',
    ],
  ])('refuses %s as Feast does', async (_what, request, feastClass) => {
    const { status, body } = await server().post('/get-online-features', request);
    expect(status).toBe(404);
    expect(JSON.parse(body)).toEqual({
      module: 'feast.errors',
      class: feastClass,
      message: expect.stringMatching(/ nope does not exist in project contract$/),
    });
  });

  const features = ['driver_stats:trips'];
  it.each<[string, unknown, string]>([
    ['no JSON', '{', 'not JSON'],
    ['no object', [1], 'must be a JSON object'],
    ['no entities', { features }, 'entities'],
    ['no keys', { features, entities: {} }, 'driver_id'],
    ['no rows', { features, entities: { driver_id: [] } }, 'driver_id'],
    ['another key', { features, entities: { user: [1] } }, 'driver_id'],
    [
      'keys of different length',
      { features: ['orders:amount'], entities: { customer_id: [1], account: ['a', 'b'] } },
      'account',
    ],
    ['a key that is null', { features, entities: { driver_id: [null] } }, 'driver_id[0]'],
    ['a key of another type', { features, entities: { driver_id: [1, 'abc'] } }, 'driver_id[1]'],
    ['a key that is no whole number', { features, entities: { driver_id: [1.5] } }, 'driver_id[0]'],
    ['a key that is too large', { features, entities: { driver_id: ['9223372036854775808'] } }, 'int64'],
    ['keys that are no list', { features, entities: { driver_id: 1 } }, 'entities.driver_id'],
    ['no features', { entities: { driver_id: [1] } }, 'features'],
    ['a feature that is not there', { features: ['driver_stats:nope'], entities: { driver_id: [1] } }, 'nope'],
    ['a feature without a view', { features: ['trips'], entities: { driver_id: [1] } }, 'view:feature'],
    [
      'features of the same name',
      { features: ['driver_stats:conv_rate', 'driver_fresh:conv_rate'], entities: { driver_id: [1] } },
      'conv_rate',
    ],
  ])('refuses %s and says what is wrong', async (what, request, named) => {
    const { status, text } = await server().post('/get-online-features', request);
    // Feast cuts it off, and answers for another driver.
    if (server().isFeast) expect(status).toBeGreaterThanOrEqual(what === 'a key that is no whole number' ? 200 : 400);
    else expect([status, text]).toEqual([400, expect.stringContaining(named)]);
  });

  it('materialises in the background where that is asked', async () => {
    // Feast's answers reads of these views with 500 until it has ended.
    if (server().isFeast) return;
    const request = { start_ts: ago(24 * 60), end_ts: ago(0), feature_views: ['orders', 'city'] };
    const { status, body } = await server().post('/materialize?async=true', request);
    expect([status, body]).toEqual([202, { status: 'accepted', feature_views: ['orders', 'city'] }]);
    const again = async () => (await server().post('/materialize-incremental?async=true', { end_ts: ago(0) })).status;
    await expect.poll(again, { timeout: 20_000 }).toBe(202);
  });

  it.each<[string, object, string]>([
    ['without an end', { start_ts: ago(1) }, 'end_ts'],
    ['with a time that is none', { start_ts: ago(1), end_ts: 'now' }, 'end_ts'],
    ['backwards', { start_ts: ago(1), end_ts: ago(2) }, 'start_ts'],
  ])('refuses to materialise %s', async (_what, request, named) => {
    if (server().isFeast) return;
    const { status, text } = await server().post('/materialize', request);
    expect([status, text]).toEqual([400, expect.stringContaining(named)]);
  });
}
