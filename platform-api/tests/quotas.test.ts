import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

onEachDatabase('quotas of a team', (database) => {
  const platforms: TestPlatform[] = [];
  let admin = '';
  const tokens = new Map<string, string>();
  const ask = async (as: string, request: string, body?: unknown, at = 0) => {
    const [method = '', path = ''] = request.split(' ');
    const isText = typeof body === 'string';
    const type = isText ? 'application/octet-stream' : 'application/json';
    const headers = { authorization: `Bearer ${as}`, ...(body === undefined ? {} : { 'content-type': type }) };
    const init = { method, headers, ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }) };
    const response = await fetch(`${platforms[at]?.url}${path}`, init);
    const text = await response.text();
    const read = text.startsWith('{') ? JSON.parse(text) : text;
    return { status: response.status, body: read, retryAfter: response.headers.get('retry-after') };
  };
  const of = (team: string) => tokens.get(team) ?? '';
  const limit = async (team: string, resource: string, value: number) => {
    expect((await ask(admin, `PUT /teams/${team}/api/v1/quotas/${resource}`, { limit: value })).status).toBe(200);
  };
  const createRun = (team: string, at = 0) =>
    ask(of(team), 'POST /api/2.0/mlflow/runs/create', { experiment_id: experiments.get(team) }, at);
  const experiments = new Map<string, string>();

  beforeAll(async () => {
    const start = () => startPlatform(['--identity', 'required', ...database.args]);
    platforms.push(await start());
    if (database.url !== undefined) platforms.push(await start());
    admin = readFileSync(join(platforms[0]?.data ?? '', 'admin-token'), 'utf8').trim();
    for (const team of ['small', 'other']) {
      await ask(admin, 'POST /api/v1/teams', { name: team, size: 'S' });
      const body = { name: 'work', team, roles: ['team-admin'], service_account: 'work' };
      tokens.set(team, (await ask(admin, 'POST /api/v1/tokens', body)).body.token);
      const made = await ask(of(team), 'POST /api/2.0/mlflow/experiments/create', { name: 'churn' });
      experiments.set(team, made.body.experiment_id);
    }
  });
  afterAll(async () => {
    for (const platform of platforms) {
      await platform.stop();
      platform.remove();
    }
  });

  it('are shown with what is used', async () => {
    const { quotas } = (await ask(of('small'), 'GET /api/v1/quotas')).body;
    const used = Object.fromEntries(
      quotas.map((each: { resource: string; used: number }) => [each.resource, each.used]),
    );
    expect(used).toEqual({
      experiments: 2,
      runs: 0,
      'registered-models': 0,
      'storage-bytes': 0,
      deployments: 0,
      tokens: 1,
      'requests-per-second': expect.any(Number),
      'predictions-per-second': 0,
    });
  });

  it('end what is too much, say how much is used, and leave others alone', async () => {
    await limit('small', 'runs', 2);
    const first = await createRun('small');
    expect([first.status, (await createRun('small')).status]).toEqual([200, 200]);
    const refused = await createRun('small');
    expect([refused.status, refused.body.error_code]).toEqual([429, 'RESOURCE_EXHAUSTED']);
    expect(refused.body.message).toMatch(
      /uses 2 of 2 runs; one more was requested.*mlops --team small quotas set runs N/,
    );
    expect((await createRun('other')).status).toBe(200);
    const { run_id } = first.body.run.info;
    await ask(of('small'), 'POST /api/2.0/mlflow/runs/delete', { run_id });
    expect((await createRun('small')).status).toBe(200);
    expect((await ask(of('small'), 'POST /api/2.0/mlflow/runs/restore', { run_id })).status).toBe(429);
  });

  it('hold when many ask for the last ones at once', async () => {
    await limit('small', 'registered-models', 10);
    const names = Array.from({ length: 30 }, (_, i) => `model-${i}`);
    const made = await Promise.all(
      names.map((name, i) =>
        ask(of('small'), 'POST /api/2.0/mlflow/registered-models/create', { name }, i % platforms.length),
      ),
    );
    expect(made.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(made.filter(({ status }) => status === 429)).toHaveLength(20);
  });

  it('are on storage and on tokens as well', async () => {
    const path = `PUT /api/2.0/mlflow-artifacts/artifacts/${experiments.get('small')}/x/artifacts`;
    await limit('small', 'storage-bytes', 1000);
    expect((await ask(of('small'), `${path}/first.bin`, 'x'.repeat(1000))).status).toBe(200);
    expect((await ask(of('small'), `${path}/second.bin`, 'x')).status).toBe(429);
    await limit('small', 'tokens', 2);
    const create = () => ask(of('small'), 'POST /api/v1/tokens', { name: 'more' });
    const last = await create();
    expect([last.status, (await create()).status]).toEqual([201, 429]);
    await ask(of('small'), `DELETE /api/v1/tokens/${last.body.id}`);
    expect((await create()).status).toBe(201);
  });

  it('slow who asks too often, in every process, and nobody else', async () => {
    await limit('small', 'requests-per-second', 1);
    for (const at of platforms.keys()) {
      await expect.poll(async () => (await ask(of('small'), 'GET /api/v1/me', undefined, at)).status).toBe(429);
      const refused = await ask(of('small'), 'GET /api/v1/me', undefined, at);
      expect([refused.status, refused.retryAfter, refused.body.code]).toEqual([429, '1', 'RATE_LIMITED']);
      expect((await ask(of('other'), 'GET /api/v1/me', undefined, at)).status).toBe(200);
    }
    await limit('small', 'requests-per-second', 1000);
    for (const at of platforms.keys())
      await expect.poll(async () => (await ask(of('small'), 'GET /api/v1/me', undefined, at)).status).toBe(200);
  });
});
