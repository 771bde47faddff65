import { join } from 'node:path';
import { openDatabase } from '@mlops/database';
import { suite, temporaryFolder } from '@mlops/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFeatures } from '../src/index.ts';
import { Analytics } from '../src/offline/analytics.ts';
import { pointInTimeSql } from '../src/offline/point-in-time.ts';
import { takeColumns } from '../src/offline/read-columns.ts';
import { configureFeast, python } from './feast.ts';
import { ago, makeRepository } from './history.ts';
import { naiveJoin, type Question, type SourceRow } from './naive-join.ts';
import { FeatureServer, serverOf } from './serving.ts';

const SEED = Number(process.env.MLOPS_SEED ?? 7);
const scratch = temporaryFolder();
const analytics = new Analytics(scratch.path);
afterAll(async () => {
  await analytics.close();
  scratch.remove();
});

describe('a point-in-time join', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const moment = fc.integer({ min: 0, max: 12 });
  const sourceRow: fc.Arbitrary<SourceRow> = fc.record({
    key,
    event: moment,
    created: fc.integer({ min: 0, max: 20 }),
    value: fc.option(fc.integer({ min: 0, max: 99 })),
  });
  const question: fc.Arbitrary<Question> = fc.record({ key: fc.constantFrom('a', 'b', 'nobody'), at: moment });

  it('takes no value from the future, none that is too old, and of equal ones that which was made last', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sourceRow, { maxLength: 30 }),
        fc.array(question, { minLength: 1, maxLength: 15 }),
        fc.constantFrom(0, 1, 3),
        fc.boolean(),
        async (rows, questions, ttl, createdCutOff) => {
          const answers = await joined(rows, questions, ttl, createdCutOff);
          const expected = naiveJoin(questions, rows, { ttl, createdCutOff });
          expect(answers).toHaveLength(questions.length);
          for (const [i, answer] of answers.entries()) expect(expected[i]).toContain(answer);
        },
      ),
      { seed: SEED, numRuns: 150 },
    );
  });

  const values = (rows: readonly (string | number | null)[][]) =>
    rows
      .map((row) => `(${row.map((each) => (typeof each === 'string' ? `'${each}'` : String(each))).join(', ')})`)
      .join(', ');

  /** The join in SQL, over rows that are written into it. */
  async function joined(
    rows: readonly SourceRow[],
    questions: readonly Question[],
    ttl: number,
    createdCutOff: boolean,
  ) {
    const none = "(values ('', 0, 0, 0)) where false";
    const source =
      rows.length === 0 ? none : `(values ${values(rows.map((row) => [row.key, row.event, row.created, row.value]))})`;
    const second = 1_000_000_000;
    const sql = pointInTimeSql({
      entities: `(select * from (values ${values(questions.map(({ key: name, at }) => [name, at]))}) as t(k, moment))`,
      entityColumns: ['k', 'moment'],
      at: `moment::bigint * ${second}`,
      views: [
        {
          relation: `(select col0 as k, col1::bigint as event_at, col2::bigint as made, col3::bigint as v from ${source})`,
          keys: [{ ofView: 'k', ofEntity: 'k' }],
          event: `event_at * ${second}`,
          created: `made * ${second}`,
          features: [{ expression: 'v', column: 'v' }],
          ttlSeconds: ttl,
        },
      ],
      columns: ['v'],
      createdCutOff,
    });
    return analytics.run(async (connection) => {
      const answers: unknown[] = [];
      for await (const batch of connection.batches(sql))
        answers.push(...(batch.columns[2] ?? []).map((value) => (value === null ? null : Number(value))));
      return answers;
    });
  }
});

describe('historical features over HTTP', () => {
  const cleanUp: (() => unknown)[] = [];
  let server: FeatureServer;
  beforeAll(async () => {
    const [repository, data] = [await makeRepository(), temporaryFolder()];
    const app = await serverOf('--data', data.path, '--definitions', repository.path);
    server = new FeatureServer(await app.listen({ host: '127.0.0.1', port: 0 }));
    cleanUp.push(repository.remove, data.remove, () => app.close());
  });
  afterAll(async () => {
    for (const step of cleanUp.reverse()) await step();
  });

  const ask = (request: object) => server.post('/get-historical-features', request);

  it('keep rows and columns as they are asked, duplicates included', async () => {
    const { status, body } = await ask({
      entities: {
        driver_id: [1001, 1001, 9999, 1001],
        event_timestamp: [ago(1), ago(10), ago(1), ago(1)],
        weight: [0.5, 1, 2, 0.5],
      },
      features: ['driver_stats:trips', 'city:drivers_online', 'driver_stats:nickname'],
    });
    expect(status).toBe(200);
    expect(Object.entries(body.df)).toEqual([
      ['driver_id', [1001, 1001, 9999, 1001]],
      ['event_timestamp', [1, 10, 1, 1].map((hours) => ago(hours).replace('.000Z', 'Z'))],
      ['weight', [0.5, 1, 2, 0.5]],
      ['trips', [21, 10, null, 21]],
      ['drivers_online', [6, null, 6, 6]],
      ['nickname', ['Ann', 'old', null, 'Ann']],
    ]);
  });

  it('do not know a correction before it was made, unless that is asked for', async () => {
    const entities = { driver_id: [1001], event_timestamp: [ago(2.5)] };
    const features = ['driver_stats:nickname'];
    expect((await ask({ entities, features })).body.df.nickname).toEqual(['was corrected']);
    const leaking = await ask({ entities, features, filter_by_created_timestamp: false });
    expect(leaking.body.df.nickname).toEqual(['Ann']);
  });

  it('count both ends of the TTL', async () => {
    const at = (hours: number) => new Date(Date.parse(ago(30)) + hours * 3_600_000);
    const moments = [at(0), at(48), new Date(at(48).getTime() + 1)].map((each) => each.toISOString());
    const request = {
      entities: { driver_id: [1001, 1002, 1002], event_timestamp: [moments[0], ago(4), ago(4 - 48)] },
      features: ['driver_stats:conv_rate'],
    };
    expect((await ask(request)).body.df.conv_rate).toEqual([0.25, 0.125, 0.125]);
    const late = new Date(Date.parse(ago(4 - 48)) + 1).toISOString();
    const after = { ...request, entities: { driver_id: [1002], event_timestamp: [late] } };
    expect((await ask(after)).body.df.conv_rate).toEqual([null]);
  });

  it('come as Parquet to those who accept it', async () => {
    const response = await fetch(`${server.url}/get-historical-features`, {
      method: 'POST',
      headers: { accept: 'application/vnd.apache.parquet' },
      body: JSON.stringify({
        entities: { driver_id: [1002], event_timestamp: [ago(1)] },
        feature_service: 'driver_activity',
        full_feature_names: true,
      }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
  });

  it.each<[string, object, number, string]>([
    ['no moments', { entities: { driver_id: [1] } }, 400, 'event_timestamp'],
    ['a moment that is none', { entities: { driver_id: [1], event_timestamp: ['soon'] } }, 400, 'event_timestamp[0]'],
    ['no key', { entities: { event_timestamp: [ago(1)] } }, 400, 'driver_id'],
    [
      'a column with the name of a feature',
      { entities: { driver_id: [1], event_timestamp: [ago(1)], trips: [1] } },
      400,
      'trips',
    ],
    ['an unknown view', { entities: { driver_id: [1], event_timestamp: [ago(1)] }, features: ['nope:x'] }, 404, 'nope'],
  ])('are refused for %s', async (_what, request, status, named) => {
    const answer = await ask({ features: ['driver_stats:trips'], ...request });
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(named)]);
  });
});

suite("historical features beside Feast's own", { needs: ['mlops-python'] }, () => {
  it('are the same on random data: TTL, equal times, corrections, composite and mapped keys', {
    timeout: 300_000,
  }, async () => {
    const [repository, data] = [temporaryFolder(), temporaryFolder()];
    // Its other local store, of files, loses the rows for which all values are too old.
    configureFeast(repository.path, 'golden', '{type: sqlite}', 'duckdb');
    python('point_in_time.py', repository.path, [String(SEED)]);
    const database = openDatabase<unknown>({ data: data.path });
    const host = await openFeatures({
      definitions: { kind: 'feast', registry: join(repository.path, 'registry.db'), project: undefined },
      database,
      scratch: join(data.path, 'scratch'),
    });
    const engine = await host.engine('golden');
    const entities = join(repository.path, 'entities.parquet');
    const views = ['by_driver', 'by_order', 'without_created'];
    const selections = {
      references: { features: views.flatMap((view) => [`${view}:value`, `${view}:label`]) },
      mapped: { service: 'mapped' },
    };
    for (const cutOff of [false, true]) {
      for (const [what, selection] of Object.entries(selections)) {
        const target = join(repository.path, `ours-${what}-${cutOff}.parquet`);
        const request = { entities, ...selection, fullNames: true, filterByCreatedTimestamp: cutOff };
        await engine.getHistoricalFeatures(request, target);
        const ours = await takeColumns(analytics, target);
        const theirs = await takeColumns(analytics, join(repository.path, `expected-${what}-${cutOff}.parquet`));
        expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
        for (const [column, values] of Object.entries(theirs)) {
          expect(ours[column]?.filter((value) => value !== null).length).toBeGreaterThan(30);
          // pandas has no null among floats.
          const known = values.map((value) => (value === 'NaN' ? null : value));
          expect([what, cutOff, column, ours[column]]).toEqual([what, cutOff, column, known]);
        }
      }
    }
    await host.close();
    await database.close();
    for (const folder of [repository, data]) folder.remove();
  });
});
