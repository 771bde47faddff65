import { join } from 'node:path';
import { openDatabase } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FeatureEngine, type FeatureHost, openFeatures } from '../src/index.ts';
import { ago, makeRepository } from './history.ts';

const cleanUp: (() => unknown)[] = [];
let host: FeatureHost;
let engine: FeatureEngine;
beforeAll(async () => {
  const [repository, data] = [await makeRepository(), temporaryFolder()];
  const database = openDatabase<unknown>({ data: data.path });
  const definitions = { kind: 'yaml', folder: repository.path, project: 'p' } as const;
  host = await openFeatures({ definitions, database, scratch: join(data.path, 'scratch') });
  engine = await host.engine('p');
  await (await engine.materialize({ start: 0, end: Date.now() })).done;
  cleanUp.push(repository.remove, data.remove, () => database.close(), host.close);
});
afterAll(async () => {
  for (const step of cleanUp.reverse()) await step();
});

const fill = (service: string, columns: Record<string, unknown[]>, wanted: string[]) =>
  engine.enrich(service, {
    rows: Object.values(columns)[0]?.length ?? 0,
    columns: new Map(Object.entries(columns)),
    wanted,
  });

it('fills each row by its key, and all rows from a view that has none; keys are taken out', async () => {
  const wanted = ['trips', 'conv_rate', 'drivers_online'];
  const { columns, served } = await fill('driver_activity', { driver_id: [1001, '1002', 1001] }, wanted);
  expect(Object.fromEntries(columns)).toEqual({
    trips: [21, '9007199254740993', 21],
    conv_rate: [0.75, 0.125, 0.75],
    drivers_online: [6, 6, 6],
  });
  expect(served[0]).toEqual({
    service: 'driver_activity',
    keys: { driver_id: 1001 },
    values: { trips: 21, conv_rate: 0.75, drivers_online: 6 },
    event_timestamps: {
      trips: ago(3).replace('.000', ''),
      conv_rate: ago(3).replace('.000', ''),
      drivers_online: ago(7).replace('.000', ''),
    },
  });
});

it('asks for nothing that is not wanted or is given', async () => {
  const { columns, served } = await fill('driver_activity', { driver_id: [5], trips: [1] }, ['trips', 'driver_id']);
  expect(Object.fromEntries(columns)).toEqual({ driver_id: [5], trips: [1] });
  expect(served).toEqual([{ service: 'driver_activity', keys: {}, values: {}, event_timestamps: {} }]);
});

it('refuses what has no value, naming feature, row and why', async () => {
  const ask = (ids: unknown[]) => fill('driver_activity', { driver_id: ids }, ['trips']);
  await expect(ask([1001, 404])).rejects.toMatchObject({
    code: 'MISSING_FEATURES',
    message: expect.stringContaining('trips (row 1: not found)'),
  });
  await expect(ask([1003])).rejects.toThrow('trips (row 0: too old)');
  await expect(ask([null])).rejects.toThrow('trips (row 0: no value of the key driver_id)');
  await expect(ask(['x'])).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  await expect(fill('nothing', { driver_id: [1] }, ['trips'])).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
