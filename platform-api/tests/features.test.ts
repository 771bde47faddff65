import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSource } from '@mlops/features';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

const WEATHER = join(import.meta.dirname, '../../examples/flight-delays/data/weather.parquet');
const API = '/api/v1/features';

/** Definitions over the weather at New York's airports. */
const weather = (more = '', path = 'weather.parquet') => ({
  files: [
    {
      name: 'weather.yaml',
      text: `entities: [{name: airport, join_key: origin, type: string}]
sources:
  - {name: weather_history, type: file, path: ${path}, timestamp_field: time_hour}
feature_views:
  - name: weather
    description: Observations of the hour
    owner: ops@example.com
    tags: {domain: sky}
    entities: [airport]
    source: weather_history
    features: [{name: temp, type: double}, {name: wind_dir, type: int64}${more}]
feature_services:
  - {name: flights, features: [{view: weather}]}`,
    },
  ],
});

onEachDatabase('features on the platform', (database) => {
  let platform: TestPlatform;
  const post = (path: string, body: unknown) => call(platform, 'POST', path, body);
  const get = (path: string) => call(platform, 'GET', path);
  const apply = (more?: string, rest: object = {}) => post(`${API}/apply`, { ...weather(more), ...rest });

  beforeAll(async () => {
    platform = await startPlatform(database.args);
    const folder = join(platform.data, 'features', 'default');
    mkdirSync(folder, { recursive: true });
    cpSync(WEATHER, join(folder, 'weather.parquet'));
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  it('are planned, and then in force as a whole', async () => {
    const planned = await post(`${API}/plan`, weather());
    expect(planned).toMatchObject({
      status: 200,
      body: {
        version: 0,
        added: [
          { kind: 'entity', name: 'airport' },
          { kind: 'source', name: 'weather_history' },
          { kind: 'feature_view', name: 'weather' },
          { kind: 'feature_service', name: 'flights' },
        ],
        changed: [],
        removed: [],
        affects: { backfill: [{ view: 'weather', rows: 26_115, reason: null }] },
      },
    });
    expect((await get(`${API}/views`)).body.views).toEqual([]);
    expect((await apply(undefined, { if_version: 3 })).status).toBe(409);
    expect((await apply(undefined, { if_version: 0 })).body).toMatchObject({ version: 1 });
    // The same again is no change.
    expect((await apply()).body).toMatchObject({ version: 1, added: [], changed: [], removed: [] });
    const { body } = await get('/api/v1/audit?action=applyFeatures');
    expect(body.entries.map(({ outcome, details }: any) => [outcome, details])).toEqual([
      ['succeeded', { version: 1, added: 0, changed: 0, removed: 0 }],
      ['succeeded', { version: 1, added: 4, changed: 0, removed: 0 }],
      ['failed', undefined],
    ]);
  });

  it('tell what is wrong with them: file, line, field and the nearest known word', async () => {
    const { files } = weather();
    const text = files[0]?.text.replace('owner: ops', 'ownr: ops') ?? '';
    const answer = await post(`${API}/apply`, { files: [{ name: 'weather.yaml', text }] });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain("weather.yaml:7:5: feature_views[0].ownr: 'ownr' is not a field here");
    expect(answer.body.detail).toContain("did you mean 'owner'?");
  });

  it('are found by words, entity, tag and owner', async () => {
    const found = async (query: string) =>
      (await get(`${API}/search?${query}`)).body.found.map(({ kind, name }: any) => `${kind} ${name}`);
    expect(await found('q=OBSERV')).toEqual(['feature_view weather']);
    expect(await found('q=temp')).toEqual(['feature_view weather', 'feature_service flights']);
    expect(await found('entity=airport')).toHaveLength(3);
    expect(await found('tag=domain%3Dsky')).toEqual(['feature_view weather']);
    expect(await found('tag=domain%3Dsea')).toEqual([]);
    expect(await found('owner=ops%40example.com&kind=feature_view')).toEqual(['feature_view weather']);
    const paged = await get(`${API}/search?limit=1`);
    expect(await found(`limit=10&page_token=${encodeURIComponent(paged.body.next_page_token)}`)).toHaveLength(3);
  });

  it('are materialised, read now and as of then, described and counted', async () => {
    const materialised = await post(`${API}/materialisations`, {
      start: '2013-01-01T00:00:00Z',
      end: '2013-07-01T00:00:00Z',
    });
    expect(materialised.body).toEqual({ views: [{ view: 'weather', rows: 3 }] });
    const asked = { service: 'flights', entities: { origin: ['JFK', 'XXX'] } };
    const { rows } = (await post(`${API}/online`, asked)).body;
    expect(rows).toMatchObject([
      {
        values: { origin: 'JFK', temp: 73.04, wind_dir: 170 },
        statuses: { temp: 'PRESENT' },
        event_timestamps: { temp: '2013-07-01T00:00:00Z' },
      },
      { values: { origin: 'XXX', temp: null }, statuses: { temp: 'NOT_FOUND' } },
    ]);
    const feast = await post('/get-online-features', { feature_service: 'flights', entities: asked.entities });
    expect(feast.body.results[1].values).toEqual([73.04, null]);
    const entities = { origin: ['JFK', 'JFK'], event_timestamp: ['2013-01-01T06:30:00Z', '2012-12-31T00:00:00Z'] };
    const { columns } = (await post(`${API}/historical`, { service: 'flights', entities })).body;
    expect(columns).toMatchObject({ temp: [39.02, null], wind_dir: [260, null] });
    const statistics = (await get(`${API}/views/weather/statistics`)).body;
    expect(statistics).toMatchObject({ rows: 26_115, first_event: '2013-01-01T06:00:00.000Z' });
    expect(statistics.features[0]).toMatchObject({ feature: 'temp', nulls: 1, min: 10.94, max: 100.04 });
    expect((await get(`${API}/views/weather`)).body).toMatchObject({
      keys: [{ name: 'origin', type: 'string' }],
      services: ['flights'],
      materialized_until: '2013-07-01T00:00:00.000Z',
    });
    expect((await get(`${API}/materialisations?view=weather`)).body.materialisations).toMatchObject([{ rows: 3 }]);
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    expect(metrics).toContain('feature_rows_written_total{project="default",view="weather"} 3');
    expect(metrics).toContain(
      `feature_materialized_until_seconds{project="default",view="weather"} ${Date.parse('2013-07-01') / 1000}`,
    );
  });

  it('plan what a change means for the data', async () => {
    const { body } = await post(`${API}/plan`, weather(', {name: humid, type: double}'));
    expect(body).toMatchObject({
      changed: [{ kind: 'feature_view', name: 'weather', fields: ['features'] }, { name: 'flights' }],
      affects: {
        services: ['flights'],
        materialised: [{ view: 'weather', until: '2013-07-01T00:00:00.000Z' }],
        backfill: [{ view: 'weather', rows: 26_115 }],
      },
    });
  });

  it('are materialised by themselves where they say how often, each team’s in an act of its own', async () => {
    const { files } = weather();
    const text = files[0]?.text.replace('entities: [airport]', 'entities: [airport]\n    materialize_every: 1s') ?? '';
    const changed = await post(`${API}/apply`, { files: [{ name: 'weather.yaml', text }] });
    expect(changed.body).toMatchObject({ changed: [{ name: 'weather', fields: ['materializeEverySeconds'] }] });
    await post('/api/v1/jobs/materialise-features/runs', {});
    const until = async () => (await get(`${API}/views/weather`)).body.materialized_until;
    await expect.poll(until, { timeout: 20_000 }).toMatch(/^20[2-9]/);
    const entries = async () => (await get('/api/v1/audit?action=materialiseFeatures')).body.entries;
    await expect
      .poll(entries, { timeout: 5000 })
      .toMatchObject([{ actor: { type: 'system' }, team: 'default', outcome: 'succeeded' }]);
    // What came after July is there now.
    const { rows } = (await post(`${API}/online`, { service: 'flights', entities: { origin: ['JFK'] } })).body;
    expect(rows[0].event_timestamps.temp).toMatch(/^2013-12-3/);
  });

  it('of many who apply at once are all in force one after another', async () => {
    const before = (await apply()).body.version;
    const types = ['int32', 'int64', 'double', 'float', 'string', 'bool'];
    const answers = await Promise.all(types.map((type) => apply(`, {name: more, type: ${type}}`)));
    expect(answers.map(({ status }) => status)).toEqual(types.map(() => 200));
    const versions = answers.map(({ body }) => body.version).sort((a, b) => a - b);
    expect(versions).toEqual(types.map((_, i) => before + 1 + i));
    const last = answers.findIndex(({ body }) => body.version === before + types.length);
    const { features } = (await get(`${API}/views/weather`)).body;
    expect(features.find(({ name }: any) => name === 'more').type).toBe(types[last]);
    // Of those who have planned for one version, one applies.
    const planned = { if_version: before + types.length };
    const rivals = await Promise.all(
      ['int32', 'bytes', 'uuid'].map((type) => apply(`, {name: other, type: ${type}}`, planned)),
    );
    expect(rivals.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });

  it('survive a start, and are seen by another process', async () => {
    await apply(', {name: dewp, type: double}');
    const second = database.url === undefined ? undefined : await startPlatform(database.args);
    await second?.stop();
    second?.remove();
    const data = platform.data;
    await platform.stop();
    platform = await startPlatform(database.args, { path: data, remove: platform.remove });
    const { features } = (await get(`${API}/views/weather`)).body;
    expect(features.map(({ name }: any) => name)).toEqual(['temp', 'wind_dir', 'dewp']);
    if (database.url === undefined) return;
    const other = await startPlatform(database.args);
    const names = async () => (await call(other, 'GET', `${API}/views/weather`)).body.features.length;
    expect(await names()).toBe(3);
    await apply();
    await expect.poll(names, { timeout: 10_000 }).toBe(2);
    await other.stop();
    other.remove();
  });
});

it('what is applied is in Feast’s registry within seconds, each team’s in its own project', async () => {
  const folder = temporaryFolder();
  const registry = join(folder.path, 'registry.db');
  const platform = await startPlatform(['--feature-registry', registry]);
  await call(platform, 'POST', '/api/v1/teams', { name: 'alpha' });
  await call(platform, 'POST', `${API}/apply`, weather());
  await call(platform, 'POST', `/teams/alpha${API}/apply`, weather(', {name: humid, type: double}'));
  const featuresOf = async (project: string) => {
    const { views } = await readSource({ kind: 'feast', registry, project });
    return views.get('weather')?.features.map(({ name }) => name);
  };
  await expect.poll(() => featuresOf('default').catch(() => []), { timeout: 20_000 }).toEqual(['temp', 'wind_dir']);
  await expect
    .poll(() => featuresOf('alpha').catch(() => []), { timeout: 20_000 })
    .toEqual(['temp', 'wind_dir', 'humid']);
  await call(platform, 'POST', `${API}/apply`, weather(', {name: dewp, type: double}'));
  await expect.poll(() => featuresOf('default'), { timeout: 20_000 }).toEqual(['temp', 'wind_dir', 'dewp']);
  expect(await featuresOf('alpha')).toEqual(['temp', 'wind_dir', 'humid']);
  await platform.stop();
  platform.remove();
  folder.remove();
});

describe('definitions of a team, on a platform of many', () => {
  let platform: TestPlatform;
  let token: string;
  afterEach(async () => {
    await platform.stop();
    platform.remove();
  });

  it.each(['../weather.parquet', '/etc/hostname', 'file:///etc/hostname', 'a/../../x', '.'])(
    'name no file outside of its folder: %s',
    async (path) => {
      platform = await startPlatform(['--identity', 'required'], temporaryFolder());
      token = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
      const ask = async (body: object) => {
        const response = await fetch(`${platform.url}${API}/apply`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return { status: response.status, body: (await response.json()) as any };
      };
      const refused = await ask(weather('', path));
      expect([refused.status, refused.body.detail]).toEqual([400, expect.stringContaining("team's folder")]);
      expect(await ask({ ...weather(), root: '/etc' })).toMatchObject({ status: 400, body: { field: 'root' } });
      expect(await ask(weather())).toMatchObject({ status: 200 });
    },
  );

  it('have a history of what is pushed: its first file is made in the team’s folder', async () => {
    platform = await startPlatform(['--identity', 'required'], temporaryFolder());
    token = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
    const post = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const response = await fetch(platform.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    };
    const text = `entities: [{name: rider, type: int64}]
sources:
  - {name: history, type: file, path: rides, created_timestamp_column: created}
  - {name: rides, type: push, batch_source: history}
feature_views:
  - {name: counts, entities: [rider], source: rides, features: [{name: n, type: int32}, {name: seen, type: unix_timestamp}]}
  - {name: words, entities: [rider], source: rides, features: [{name: tags, type: string_list}, {name: facts, type: map}]}`;
    expect((await post(`${API}/apply`, { files: [{ name: 'rides.yaml', text }] })).status).toBe(200);
    const push = (n: number, time: string) =>
      post('/push', {
        push_source_name: 'rides',
        to: 'online_and_offline',
        df: {
          rider: [1],
          n: [n],
          seen: [time],
          tags: [['a', `b${n}`]],
          facts: [{ n: 'x' }],
          event_timestamp: [time],
          created: [time],
        },
      });
    expect(await push(1, '2026-01-01T00:00:00Z')).toEqual({ status: 200, body: undefined });
    expect((await push(2, '2026-01-02T02:00:00+02:00')).status).toBe(200);
    const entities = { rider: [1, 1], event_timestamp: ['2026-01-01T12:00:00Z', '2026-01-03T00:00:00Z'] };
    const features = ['counts:n', 'counts:seen', 'words:tags'];
    const { columns } = (await post(`${API}/historical`, { features, entities })).body;
    expect(columns.n).toEqual([1, 2]);
    expect(columns.tags).toEqual([
      ['a', 'b1'],
      ['a', 'b2'],
    ]);
    const run = await post(`${API}/materialisations`, { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' });
    expect(run.status).toBe(200);
    const { rows } = (await post(`${API}/online`, { features: ['counts:n', 'words:facts'], entities: { rider: [1] } }))
      .body;
    expect(rows[0].values).toEqual({ rider: 1, n: 2, facts: { n: 'x' } });
  });
});
