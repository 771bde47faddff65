import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deployExample } from '@mlops/flight-delays';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everyRow, type Row, type Values } from './every-operation.ts';
import { flight, onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Somebody with a token, on a platform. */
class Client {
  readonly #platform: TestPlatform;
  readonly #token: string;

  constructor(platform: TestPlatform, token: string) {
    this.#platform = platform;
    this.#token = token;
  }

  async ask(route: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answered> {
    const [method = '', path = ''] = route.split(' ');
    const authorization = this.#token === '' ? {} : { authorization: `Bearer ${this.#token}` };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...authorization, ...type, ...headers } };
    const sent = body === undefined ? init : { ...init, body: JSON.stringify(body) };
    const response = await fetch(`${this.#platform.url}${path}`, sent);
    return { status: response.status, text: await response.text() };
  }

  async made(route: string, body?: unknown): Promise<any> {
    const { status, text } = await this.ask(route, body);
    if (status >= 300) throw new Error(`${route}: ${status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

/** What a team has, under names that all teams give alike. */
interface Things {
  readonly experiment: string;
  readonly run: string;
  readonly loggedModel: string;
  readonly token: string;
}

const MLFLOW = '/api/2.0/mlflow';

/** The same names in every team; what stands under them is the team's. */
const FEATURES = `entities: [{name: rider, type: int64}]
sources: [{name: rides, type: push}]
feature_views: [{name: payments, entities: [rider], source: rides, features: [{name: team, type: string}]}]
feature_services: [{name: payments, features: [{view: payments}]}]`;
const ofFeatures = { entities: { rider: [1] }, features: ['payments:team'], service: 'payments', view: 'payments' };

async function furnishFeatures(client: Client, team: string): Promise<void> {
  await client.made('POST /api/v1/features/apply', { files: [{ name: 'features.yaml', text: FEATURES }] });
  const df = { rider: [1], team: [team], event_timestamp: ['2026-01-01T00:00:00Z'] };
  await client.made('POST /push', { push_source_name: 'rides', df });
}

async function furnish(client: Client, url: string, token: string): Promise<Things> {
  await deployExample(url, token);
  const post = (path: string, body: object) => client.made(`POST ${MLFLOW}/${path}`, body);
  const { experiment_id } = await post('experiments/create', { name: 'churn', tags: [{ key: 'k', value: 'v' }] });
  const { run } = await post('runs/create', { experiment_id, run_name: 'first', start_time: 1 });
  const { run_id } = run.info;
  await post('runs/log-batch', {
    run_id,
    metrics: [{ key: 'm', value: 1, timestamp: 1, step: 1 }],
    tags: [{ key: 'k', value: 'v' }],
  });
  const { model } = await post('logged-models', { experiment_id, name: 'm', source_run_id: run_id });
  await post('registered-models/create', { name: 'payments', tags: [{ key: 'k', value: 'v' }] });
  await client.ask(`PUT /api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${run_id}/artifacts/model/x.txt`, 'bytes');
  await post('model-versions/create', { name: 'payments', source: `runs:/${run_id}/model`, run_id });
  await post('registered-models/alias', { name: 'payments', alias: 'champion', version: '1' });
  const inputs = { dataframe_records: [flight] };
  await client.made('POST /api/v1/deployments/flight-delays/invocations', inputs);
  const { id } = await client.made('POST /api/v1/tokens', { name: 'spare' });
  return { experiment: experiment_id, run: run_id, loggedModel: model.info.model_id, token: id };
}

/** Fields of requests that name things, and what else some requests need. */
const naming = (things: Things): Values => ({
  experiment_id: things.experiment,
  experiment_ids: [things.experiment],
  run_id: things.run,
  run_uuid: things.run,
  model_id: things.loggedModel,
  models: [{ model_id: things.loggedModel, step: 0 }],
  id: things.token,
  metric_key: 'm',
  key: 'k',
  tag_key: 'k',
  value: '1',
  timestamp: 5,
  path: `${things.experiment}/${things.run}/artifacts/model/x.txt`,
});

/** What is not the same in two runs of one program: ids, times, paths made of them. */
function plain({ status, text }: Answered, ...all: readonly Things[]): string {
  let shown = text;
  const ids = all.flatMap(({ run, loggedModel, token }) => [run, loggedModel, token]);
  for (const id of ids) shown = shown.replaceAll(id, 'ID');
  for (const { experiment } of all) {
    shown = shown.replaceAll(`"experiment_id":"${experiment}"`, '"experiment_id":"E"');
    shown = shown.replaceAll(`id=${experiment} `, 'id=E ').replaceAll(`/${experiment}/`, '/E/');
  }
  return `${status} ${shown}`
    .replace(/\b(?:m-)?[0-9a-f]{32}\b/g, 'HEX')
    .replace(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replace(/\b[0-9a-f]{16}\b/g, 'TOKEN')
    .replace(/\b1[78]\d{11}\b/g, 'TIME')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"latency_ms":[\d.]+/g, '"latency_ms":0')
    .replace(/"(hash|previous_hash|user_id|ip|page_token|next_page_token)":"[^"]*"/g, '"$1":"…"')
    .replace(/"type":"experiment","id":"\d+"/g, '"type":"experiment","id":"N"')
    .replace(/("resource":"\w+-per-second","limit":\d+,"used"):\d+/g, '$1:0')
    .replace(/"sequence":\d+/g, '"sequence":0')
    .replace(/"experiment_id":"\d+"/g, '"experiment_id":"N"')
    .replace(/mlflow-artifacts:\/workspaces\/[a-z]+\/\d+/g, 'mlflow-artifacts:/N')
    .replace(/"run_name":"[a-z]+-[a-z]+-\d+"|"value":"[a-z]+-[a-z]+-\d+"/g, '"run_name":"…"');
}

/** Where two texts part, with what stands around it. */
function different(seen: string, expected: string): string | undefined {
  if (seen === expected) return undefined;
  let at = 0;
  while (seen[at] === expected[at]) at += 1;
  const around = (text: string) => `${text.slice(0, 40)} … ${text.slice(Math.max(0, at - 60), at + 120)}`;
  return `${around(seen)}\n${around(expected)}`;
}

onEachDatabase('two teams with the same names for everything', (database) => {
  const platforms: TestPlatform[] = [];
  /** A platform with both teams, and one with the first alone. */
  let both: { anna: Client; bert: Client; admin: Client; of: { anna: Things; bert: Things } };
  let alone: { anna: Client; of: Things };
  /** What nobody has. */
  const nothing: Things = {
    experiment: '987654',
    run: 'e'.repeat(32),
    loggedModel: `m-${'f'.repeat(32)}`,
    token: 'f'.repeat(16),
  };

  async function start(teams: readonly string[], args: readonly string[]) {
    const platform = await startPlatform(['--identity', 'required', ...args]);
    platforms.push(platform);
    const admin = new Client(platform, readFileSync(join(platform.data, 'admin-token'), 'utf8').trim());
    const things: Record<string, { client: Client; things: Things }> = {};
    for (const team of teams) {
      await admin.made('POST /api/v1/teams', { name: team, display_name: 'A team', owners: ['same'] });
      await admin.made(`PUT /api/v1/teams/${team}/members/same`, { roles: ['team-admin', 'ml-engineer'] });
      const { token } = await admin.made('POST /api/v1/tokens', { name: 'main', team, member: 'same' });
      const client = new Client(platform, token);
      await furnishFeatures(client, team);
      things[team] = { client, things: await furnish(client, platform.url, token) };
    }
    return { admin, things };
  }

  beforeAll(async () => {
    const full = await start(['bravo', 'alpha'], database.args);
    const single = await start(['alpha'], []);
    const [anna, bert, lone] = [full.things.alpha, full.things.bravo, single.things.alpha];
    if (!anna || !bert || !lone) throw new Error('a team is missing');
    const of = { anna: anna.things, bert: bert.things };
    both = { anna: anna.client, bert: bert.client, admin: full.admin, of };
    alone = { anna: lone.client, of: lone.things };
  }, 120_000);
  afterAll(async () => {
    for (const platform of platforms) {
      await platform.stop();
      platform.remove();
    }
  });

  const reads = everyRow.filter(({ operation }) => operation.access === 'read' && operation.method === 'GET');
  const named: Values = { name: 'flight-delays', version: '1', alias: 'champion', experiment_name: 'churn' };
  /** What is not a team's: the chain as a whole, and what the platform does by itself. */
  const ofAllTeams = [
    'exportAudit',
    'getAuditCheckpoint',
    'listAuditCheckpoints',
    'proveAuditEntry',
    'proveAuditConsistency',
    'listJobs',
    'listJobRuns',
  ];
  const searches = [
    'searchRuns',
    'searchExperiments',
    'searchRegisteredModels',
    'searchModelVersions',
    'searchLoggedModels',
    'getOnlineFeatures',
    'readOnlineFeatures',
    'planFeatures',
  ];

  it('each sees its own, as if the other one were not there', async () => {
    const rows: readonly Row[] = [...reads, ...everyRow.filter(({ name }) => searches.includes(name))];
    for (const { name, request } of new Set(rows)) {
      if (ofAllTeams.includes(name)) continue;
      for (const more of [
        named,
        { ...named, name: 'payments' },
        { ...named, workspace_name: 'alpha', name: 'alpha' },
      ]) {
        const mine = request({ ...naming(both.of.anna), ...ofFeatures, files: [], ...more });
        const theirs = request({ ...naming(alone.of), ...ofFeatures, files: [], ...more });
        const seen = plain(await both.anna.ask(mine.route, mine.body), both.of.anna);
        const expected = plain(await alone.anna.ask(theirs.route, theirs.body), alone.of);
        expect(different(`${name} ${seen}`, `${name} ${expected}`)).toBeUndefined();
      }
    }
  }, 120_000);

  it('each reaches nothing of the other by its id: it is told what it is told of what nobody has', async () => {
    const differences: string[] = [];
    for (const { name, operation, request } of everyRow) {
      // What lists, or makes something new, names no thing.
      if (!('id' in operation.resource || 'parent' in operation.resource)) continue;
      for (const more of [
        { ...named, view: 'none' },
        { view: 'none', name: 'bravo', workspace_name: 'bravo', principal: 'same', roles: ['viewer'] },
      ]) {
        const nobodys = {
          ...more,
          ...('roles' in more ? { name: 'nobody', workspace_name: 'nobody' } : { name: 'none' }),
        };
        const foreign = request({ ...more, ...('roles' in more ? {} : { name: 'none' }), ...naming(both.of.bert) });
        const unknown = request({ ...nobodys, ...naming(nothing) });
        const seen = plain(await both.anna.ask(foreign.route, foreign.body), both.of.bert).replaceAll('bravo', 'X');
        const expected = plain(await both.anna.ask(unknown.route, unknown.body), nothing).replaceAll('nobody', 'X');
        differences.push(different(`${name} ${seen}`, `${name} ${expected}`) ?? '');
        if (!('roles' in more) && operation.resource.type !== 'artifact')
          expect([name, Number(seen.slice(0, 3))]).not.toEqual([name, 200]);
      }
    }
    expect(differences.filter(Boolean)).toEqual([]);
    // What was asked for has left no trace at the other.
    const { run } = await both.bert.made(`GET ${MLFLOW}/runs/get?run_id=${both.of.bert.run}`);
    expect(run.data.metrics).toHaveLength(1);
    expect(run.data.tags.filter(({ key }: { key: string }) => key === 'k')).toEqual([{ key: 'k', value: 'v' }]);
    expect(run.info.lifecycle_stage).toBe('active');
  }, 120_000);

  it('each has features of its own, under its own address and below /teams', async () => {
    const { anna, bert, admin } = both;
    const teamOf = async (client: Client, prefix: string) => {
      const { text } = await client.ask(`POST ${prefix}/get-online-features`, ofFeatures);
      return JSON.parse(text).results?.[1]?.values[0];
    };
    expect(await teamOf(anna, '')).toBe('alpha');
    expect(await teamOf(bert, '')).toBe('bravo');
    expect(await teamOf(admin, '/teams/bravo')).toBe('bravo');
    expect(await teamOf(admin, '')).toBeUndefined();
    expect((await anna.ask('POST /teams/bravo/get-online-features', ofFeatures)).status).toBe(404);
    const { rows } = await anna.made('POST /api/v1/features/online', { entities: { rider: [1] }, service: 'payments' });
    expect(rows).toMatchObject([{ values: { rider: 1, team: 'alpha' }, statuses: { team: 'PRESENT' } }]);
    // What one forgets, the other one still has.
    const erased = await anna.made('POST /api/v1/features/erasures', { entity_key: { rider: 1 } });
    expect(erased).toEqual({ online: ['payments'] });
    expect([await teamOf(anna, ''), await teamOf(bert, '')]).toEqual([null, 'bravo']);
    await furnishFeatures(anna, 'alpha');
  });

  it('is chosen by the address, by the header, or by the token, and never against it', async () => {
    const name = async (route: string, headers: Record<string, string> = {}) => {
      const { status, text } = await both.admin.ask(route, undefined, headers);
      return status === 200 ? JSON.parse(text).experiment.experiment_id : status;
    };
    const route = `${MLFLOW}/experiments/get-by-name?experiment_name=churn`;
    const { anna, bert } = both.of;
    expect(await name(`GET ${route}`)).toBe(404);
    expect(await name(`GET /teams/alpha${route}`)).toBe(anna.experiment);
    expect(await name(`GET /teams/bravo${route}`)).toBe(bert.experiment);
    expect(await name(`GET ${route}`, { 'x-mlflow-workspace': 'bravo' })).toBe(bert.experiment);
    expect(await name(`GET /teams/alpha${route}`, { 'x-mlflow-workspace': 'bravo' })).toBe(400);
    for (const team of ['nobody', 'default%2e', '..', '%ff'])
      expect(await name(`GET /teams/${team}${route}`)).toBe(404);
    const [none, foreign] = [
      await both.anna.ask(`GET /teams/nobody${route}`),
      await both.anna.ask(`GET /teams/bravo${route}`),
    ];
    expect(foreign.text.replaceAll('bravo', 'nobody')).toBe(none.text);
    expect(foreign.status).toBe(404);
    const infer = { inputs: [] };
    expect((await both.admin.ask('POST /teams/bravo/v2/models/flight-delays/infer', infer)).status).toBe(400);
    expect((await both.admin.ask('POST /v2/models/flight-delays/infer', infer)).status).toBe(404);
    // Keys that the platform makes of a team and a name are no names.
    expect((await both.admin.ask('GET /api/v1/deployments/bravo.flight-delays')).status).toBe(404);
    expect((await both.anna.ask('GET /api/v1/deployments/bravo.flight-delays')).status).toBe(404);
    expect((await both.anna.ask(`GET ${MLFLOW}/registered-models/get?name=bravo%1Fpayments`)).status).toBe(404);
    expect((await both.admin.ask(`GET ${MLFLOW}/registered-models/get?name=bravo%1Fpayments`)).status).toBe(404);
    const path = `workspaces/bravo/${bert.experiment}/${bert.run}/artifacts/model/x.txt`;
    for (const client of [both.anna, both.admin])
      expect((await client.ask(`GET /api/2.0/mlflow-artifacts/artifacts/${path}`)).status).toBe(404);
    expect((await both.bert.ask(`GET /api/2.0/mlflow-artifacts/artifacts/${path}`)).status).toBe(200);
  });

  it('does not lend itself to the other’s model: not by a location, not by a source', async () => {
    const post = (path: string, body: object) => both.anna.ask(`POST ${MLFLOW}/${path}`, body);
    const { bert } = both.of;
    const location = `mlflow-artifacts:/workspaces/bravo/${bert.experiment}`;
    const { experiment_id } = JSON.parse(
      (await post('experiments/create', { name: 'thief', artifact_location: location })).text,
    );
    const { run } = JSON.parse((await post('runs/create', { experiment_id })).text);
    await post('registered-models/create', { name: 'stolen' });
    const source = `mlflow-artifacts:/workspaces/bravo/${bert.experiment}/${run.info.run_id}/artifacts`;
    await post('model-versions/create', { name: 'stolen', source, run_id: run.info.run_id });
    const own = await both.anna.ask('POST /api/v1/deployments', { name: 'stolen', model: 'models:/stolen/1' });
    expect([400, 404, 422]).toContain(own.status);
    for (const stolen of [`runs:/${bert.run}/model`, `models:/${bert.loggedModel}`]) {
      const { status } = await post('model-versions/create', { name: 'stolen', source: stolen });
      expect(status).toBe(404);
    }
  });

  it('has what an administrator did to it in its own audit log, and not in that of the team `default`', async () => {
    const { admin, anna } = both;
    await admin.made('PUT /api/v1/teams/default/members/vera', { roles: ['viewer'] });
    const { token } = await admin.made('POST /api/v1/tokens', { name: 'v', member: 'vera' });
    const vera = new Client(platforms[0] as TestPlatform, token);
    const told = await vera.ask('GET /api/v1/audit?limit=1000');
    expect(told.text).toContain('vera');
    expect(told.text).not.toMatch(/alpha|bravo/);
    for (const action of ['createTeam', 'setMember', 'createToken']) {
      const { entries } = await anna.made(`GET /api/v1/audit?actor=admin&action=${action}`);
      expect([action, entries.length]).toEqual([action, 1]);
      expect(entries[0]).toMatchObject({ team: 'alpha', actor: { id: 'admin' } });
    }
  });

  it('decides neither what it may use nor how it is watched, and does not see what jobs did for others', async () => {
    const { anna } = both;
    for (const change of [{ size: 'L' }, { compliance_level: 'pci' }])
      expect((await anna.ask('PATCH /api/v1/teams/alpha', change)).status).toBe(403);
    expect((await anna.ask('PUT /api/v1/quotas/deployments', { limit: 1_000_000 })).status).toBe(403);
    expect((await anna.ask('GET /api/v1/jobs/seal-predictions/runs')).status).toBe(403);
    expect((await anna.ask('GET /api/v1/jobs')).status).toBe(200);
    expect((await anna.ask('PATCH /api/v1/teams/alpha', { display_name: 'A team', size: 'M' })).status).toBe(200);
  });

  it('an archived team answers nobody, and answers again when it is restored', async () => {
    await both.admin.made('POST /api/v1/teams', { name: 'brief' });
    const { token } = await both.admin.made('POST /api/v1/tokens', { name: 't', team: 'brief', roles: ['viewer'] });
    const platform = platforms[0] as TestPlatform;
    const client = new Client(platform, token);
    expect((await client.ask('GET /api/v1/me')).status).toBe(200);
    await both.admin.made('DELETE /api/v1/teams/brief');
    expect((await client.ask('GET /api/v1/me')).status).toBe(404);
    expect((await both.admin.ask('GET /teams/brief/api/v1/deployments')).status).toBe(404);
    await both.admin.made('POST /api/v1/teams/brief/restore');
    expect((await client.ask('GET /api/v1/me')).status).toBe(200);
    expect((await both.admin.ask('DELETE /api/v1/teams/default')).status).toBe(400);
  });

  it('a team is made again with the same facts, not with others, and not by who administers another', async () => {
    const facts = { name: 'twice', cost_center: 'c', compliance_level: 'hipaa', size: 'S' };
    const first = await both.admin.made('POST /api/v1/teams', facts);
    expect(await both.admin.made('POST /api/v1/teams', facts)).toEqual(first);
    expect((await both.admin.ask('POST /api/v1/teams', { ...facts, size: 'L' })).status).toBe(400);
    expect((await both.admin.ask('POST /api/v1/teams', { ...facts, owners: ['olga'] })).status).toBe(400);
    expect(await both.admin.made('GET /api/v1/teams/twice/members')).toMatchObject({ members: [] });
    await both.admin.made('PUT /api/v1/teams/twice/members/olga', { roles: ['team-admin'] });
    expect(await both.admin.made('POST /api/v1/teams', { ...facts, owners: ['olga'] })).toEqual(first);
    expect((await both.anna.ask('POST /api/v1/teams', { name: 'mine' })).status).toBe(403);
    expect((await both.anna.ask('DELETE /api/v1/teams/alpha')).status).toBe(403);
    expect((await both.anna.ask('PUT /api/v1/teams/alpha/members/x', { roles: ['platform-admin'] })).status).toBe(403);
    expect((await both.anna.ask('PUT /api/v1/teams/alpha/members/x', { roles: ['viewer'] })).status).toBe(200);
    for (const name of ['', 'x', 'Upper', 'api', 'a.b', '-a', 'a'.repeat(41)])
      expect([name, (await both.admin.ask('POST /api/v1/teams', { name })).status]).toEqual([name, 400]);
    const quotas = JSON.parse((await both.admin.ask('GET /teams/twice/api/v1/quotas')).text);
    expect(quotas.quotas).toContainEqual({ resource: 'deployments', limit: 10, used: 0 });
  });
});
