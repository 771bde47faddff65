import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { migrate, openDatabase } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { readDefinitions } from '../src/definitions/read.ts';
import { type FeatureEngine, openFeatures } from '../src/index.ts';
import { Materialiser } from '../src/materialise/materialiser.ts';
import { type MaterialisationTables, materialisationSchema } from '../src/materialise/schema.ts';
import { MaterialisationStore } from '../src/materialise/store.ts';
import { Analytics } from '../src/offline/analytics.ts';
import { EmbeddedStore } from '../src/online/embedded.ts';
import type { OnlineStore } from '../src/online/store.ts';
import { decodeValue } from '../src/values/decode.ts';
import { writeParquet } from './history.ts';

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

const DEFINITIONS = `
entities:
  - {name: id, type: int64}
sources:
  - {name: events, type: file, path: events}
feature_views:
  - {name: latest, entities: [id], source: events, ttl: 7d, features: [{name: n, type: int64}]}
`;
const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;

/** A folder with `rows` events, one in a minute, for ten ids in turn: the value is the number of the event. */
async function repositoryOf(rows: number): Promise<string> {
  const folder = temporaryFolder();
  cleanUp.push(folder.remove);
  mkdirSync(join(folder.path, 'events'));
  writeFileSync(join(folder.path, 'views.yaml'), DEFINITIONS);
  await addEvents(folder.path, 0, rows);
  return folder.path;
}

function addEvents(repository: string, from: number, to: number): Promise<void> {
  return writeParquet(
    `select i % 10 as id, timestamp '2026-01-01' + to_minutes(i) as event_timestamp, i as n from range(${from}, ${to}) as t(i)`,
    join(repository, `events/${from}.parquet`),
  );
}

async function engineOn(repository: string, data = temporaryFolder()): Promise<FeatureEngine> {
  const database = openDatabase<unknown>({ data: data.path });
  const definitions = { kind: 'yaml', folder: repository, project: 'p' } as const;
  const host = await openFeatures({ definitions, database, scratch: join(data.path, 'scratch') });
  cleanUp.push(
    data.remove,
    () => database.close(),
    () => host.close(),
  );
  return host.engine('p');
}

async function values(engine: FeatureEngine): Promise<unknown[]> {
  const ids = Array.from({ length: 10 }, (_, id) => id);
  const { columns } = await engine.getOnlineFeatures({ entities: { id: ids }, features: ['latest:n'] });
  return columns[1]?.values.map(decodeValue) ?? [];
}

const done = async (run: Promise<{ done: Promise<unknown> }>) => (await run).done;

describe('materialisation', () => {
  it('copies the newest row of each key, and no other', async () => {
    const engine = await engineOn(await repositoryOf(95));
    const run = await engine.materialize({ start: START, end: START + 89 * MINUTE });
    expect(run.views).toEqual(['latest']);
    // The end belongs to it.
    expect(await run.done).toEqual({ latest: 10 });
    expect(await values(engine)).toEqual([80, 81, 82, 83, 84, 85, 86, 87, 88, 89]);
    expect(await done(engine.materialize({ start: START, end: START + 89 * MINUTE }))).toEqual({ latest: 0 });
  });

  it('goes on where the last run ended, and does not go back', async () => {
    const repository = await repositoryOf(20);
    const engine = await engineOn(repository);
    await done(engine.materialize({ start: START, end: START + 19 * MINUTE }));
    await addEvents(repository, 20, 25);
    const end = START + 30 * MINUTE;
    expect(await done(engine.materializeIncremental({ end }))).toEqual({ latest: 5 });
    expect(await values(engine)).toEqual([20, 21, 22, 23, 24, 15, 16, 17, 18, 19]);
    expect(await done(engine.materializeIncremental({ end: START }))).toEqual({ latest: 0 });
    // An older stretch does not take the newer values away.
    expect(await done(engine.materialize({ start: START, end: START + 9 * MINUTE }))).toEqual({ latest: 0 });
    expect(await values(engine)).toEqual([20, 21, 22, 23, 24, 15, 16, 17, 18, 19]);
  });

  it('begins the first time as far back as the TTL goes', async () => {
    const engine = await engineOn(await repositoryOf(20));
    // Seven days before now all of these events are long over.
    expect(await done(engine.materializeIncremental({ end: Date.now() }))).toEqual({ latest: 0 });
  });

  it('is refused for what cannot be, and changes nothing then', async () => {
    const engine = await engineOn(await repositoryOf(5));
    const range = { start: START, end: START + MINUTE };
    await expect(engine.materialize({ ...range, views: ['nope'] })).rejects.toThrow(/nope does not exist/);
    await expect(done(engine.materialize({ start: START + 1, end: START }))).rejects.toThrow(/later than end_ts/);
    expect(await values(engine)).toEqual(Array.from({ length: 10 }, () => null));
  });

  it('takes its turn; exclusively it is refused while another one runs', async () => {
    const engine = await engineOn(await repositoryOf(100));
    const range = { start: START, end: START + 100 * MINUTE };
    const first = await engine.materialize(range);
    await expect(engine.materialize(range, true)).rejects.toMatchObject({ code: 'CONFLICT' });
    const second = await engine.materialize(range);
    expect([await first.done, await second.done]).toEqual([{ latest: 10 }, { latest: 0 }]);
    await expect(engine.materialize(range, true).then((run) => run.done)).resolves.toEqual({ latest: 0 });
  });

  it('goes on after the step that was done last when the same is asked again', { timeout: 120_000 }, async () => {
    const rows = 600_000;
    const repository = await repositoryOf(rows);
    const [project, data] = [await readDefinitions(repository, 'p'), temporaryFolder()];
    const database = openDatabase<MaterialisationTables>({ data: data.path });
    await migrate(database.as<unknown>(), 'features', materialisationSchema);
    const analytics = new Analytics(join(data.path, 'scratch'));
    cleanUp.push(
      data.remove,
      () => database.close(),
      () => analytics.close(),
    );
    const store = new MaterialisationStore(database);
    const seen: number[] = [];
    const online = onlineThat((events) => {
      // It fails in the second of three steps.
      if (seen.length === 10) throw new Error('the power is gone');
      seen.push(...events);
    });
    const views = [...project.views.values()];
    const stretch = { start: START, end: START + rows * MINUTE };
    const run = () => new Materialiser(analytics, online, store).materialize(project, views, stretch);
    await expect(run()).rejects.toThrow('the power is gone');
    const [stopped] = await store.intervals('p', 'latest');
    expect(stopped?.doneUntil).toBeLessThan(stretch.end);
    expect(stopped?.doneUntil).toBeGreaterThan(stretch.start);

    seen.push(-1);
    await run();
    const after = seen.slice(11);
    expect(Math.min(...after)).toBeGreaterThan((stopped?.doneUntil ?? 0) / 1000);
    expect(Math.max(...after)).toBe((START + (rows - 1) * MINUTE) / 1000);
    expect(await store.intervals('p', 'latest')).toEqual([
      { start: START, doneUntil: stretch.end, end: stretch.end, rows: 30 },
    ]);
  });

  it('leaves one interval where several touch', async () => {
    const data = temporaryFolder();
    const database = openDatabase<MaterialisationTables>({ data: data.path });
    cleanUp.push(data.remove, () => database.close());
    await migrate(database.as<unknown>(), 'features', materialisationSchema);
    const store = new MaterialisationStore(database);
    for (const hour of [0, 1, 2, 5]) {
      const [start, end] = [hour, hour + 1];
      await store.progress('p', 'v', { start, doneUntil: end, end, rows: 1 });
      await store.join('p', 'v');
    }
    expect((await store.intervals('p', 'v')).map(({ start, doneUntil, rows }) => [start, doneUntil, rows])).toEqual([
      [0, 3, 3],
      [5, 6, 1],
    ]);
  });
});

/** An online store of which only writing is asked: tells the events' seconds. */
function onlineThat(see: (events: number[]) => void): OnlineStore {
  const write: OnlineStore['write'] = async (_project, _view, rows) => {
    see(rows.map(({ event }) => event.seconds));
    return rows.length;
  };
  return Object.assign(Object.create(EmbeddedStore.prototype) as OnlineStore, { write });
}
