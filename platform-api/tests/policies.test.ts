import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

const MAY_NOT_NAME_CHAMPIONS = `
@id("champions-are-for-owners")
forbid (principal, action == Action::"write", resource is RegisteredModelAlias)
when { resource.alias == "champion" }
unless { principal.roles.contains("model-owner") };
`;

onEachDatabase('policies that are set while the platform runs', (database) => {
  const platforms: TestPlatform[] = [];
  let [admin, engineer, owner] = ['', '', ''];
  const ask = async (as: string, request: string, body?: unknown, at = 0): Promise<Answer> => {
    const [method = '', path = ''] = request.split(' ');
    const headers = {
      authorization: `Bearer ${as}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${platforms[at]?.url}${path}`, init);
    return { status: response.status, body: await response.json() };
  };
  const setAlias = (as: string, alias: string, at = 0) =>
    ask(as, 'POST /api/2.0/mlflow/registered-models/alias', { name: 'payments', alias, version: '1' }, at);
  const set = (name: string, policy: string) => ask(admin, `PUT /api/v1/policies/${name}`, { policy });

  beforeAll(async () => {
    const start = () => startPlatform(['--identity', 'required', ...database.args]);
    platforms.push(await start());
    if (database.url !== undefined) platforms.push(await start());
    admin = readFileSync(join(platforms[0]?.data ?? '', 'admin-token'), 'utf8').trim();
    const token = async (role: string) => {
      const body = { name: role, roles: [role], service_account: role };
      return (await ask(admin, 'POST /api/v1/tokens', body)).body.token as string;
    };
    [engineer, owner] = [await token('ml-engineer'), await token('model-owner')];
    await ask(engineer, 'POST /api/2.0/mlflow/registered-models/create', { name: 'payments' });
    await ask(engineer, 'POST /api/2.0/mlflow/model-versions/create', {
      name: 'payments',
      source: 's3://models/payments',
    });
  });
  afterAll(async () => {
    for (const platform of platforms) {
      await platform.stop();
      platform.remove();
    }
  });

  it('hold at once, in every process within a second, and end as soon', async () => {
    expect((await setAlias(engineer, 'champion')).status).toBe(200);
    expect((await set('champions', MAY_NOT_NAME_CHAMPIONS)).status).toBe(200);
    for (const at of platforms.keys()) {
      await expect.poll(async () => (await setAlias(engineer, 'champion', at)).status).toBe(403);
      expect((await setAlias(engineer, 'candidate', at)).status).toBe(200);
      expect((await setAlias(owner, 'champion', at)).status).toBe(200);
    }
    const question = { action: 'write', resource: { type: 'registered-model-alias', id: 'payments@champion' } };
    expect((await ask(engineer, 'POST /api/v1/access/check', question)).body).toEqual({
      allowed: false,
      policies: ['champions/champions-are-for-owners'],
    });
    expect((await ask(admin, 'DELETE /api/v1/policies/champions')).status).toBe(200);
    for (const at of platforms.keys())
      await expect.poll(async () => (await setAlias(engineer, 'champion', at)).status).toBe(200);
  });

  it('a preview says which decisions of the last day would be others, and changes nothing', async () => {
    await setAlias(engineer, 'champion');
    const path = 'POST /api/v1/policies/champions/preview';
    const { body } = await ask(admin, path, { policy: MAY_NOT_NAME_CHAMPIONS });
    expect(body.changed).toEqual([
      {
        principal: 'ml-engineer',
        team: 'default',
        roles: ['ml-engineer'],
        operation: 'setRegisteredModelAlias',
        resource: { type: 'registered-model-alias', id: 'payments@champion' },
        allowed_before: true,
        allowed_after: false,
        times: expect.any(Number),
      },
    ]);
    expect(body.judged).toBeGreaterThan(body.changed.length);
    expect((await setAlias(engineer, 'champion')).status).toBe(200);
    expect(
      (await ask(admin, path, { policy: '@id("none") permit (principal, action, resource) when { false };' })).body
        .changed,
    ).toEqual([]);
  });

  it.each([
    ['no policy', 'permit everything', /policies: own is not a valid policy file: line 1:/],
    [
      'an attribute that there is not',
      '\n\npermit (principal, action, resource) when { resource.colour == "red" };',
      /line 3/,
    ],
    [
      'what is nested too deep',
      `permit (principal, action, resource) when { ${'('.repeat(250)}true${')'.repeat(250)} };`,
      /nested over 40 levels/,
    ],
    ['nobody could take it back', 'forbid (principal, action, resource);', /could not take it back/],
  ])('refuses %s whole', async (_what, policy, message) => {
    const good = '@id("own") permit (principal, action, resource) when { false };';
    await set('own', good);
    const { status, body } = await set('own', policy);
    expect([status, body.detail]).toEqual([400, expect.stringMatching(message)]);
    expect((await ask(admin, 'GET /api/v1/policies/own')).body.policy).toBe(good);
  });

  it('are refused under the name of a built-in file, and only administrators of the platform read them', async () => {
    const { status, body } = await set('roles', 'permit (principal, action, resource);');
    expect([status, body.field]).toEqual([400, 'name']);
    expect((await ask(owner, 'GET /api/v1/policies/roles')).status).toBe(403);
    const { policies } = (await ask(admin, 'GET /api/v1/policies')).body;
    const shown = policies.map((policy: { name: string; source: string }) => [policy.name, policy.source]);
    expect(shown).toEqual([
      ['roles', 'fixed'],
      ['own', 'set'],
    ]);
  });

  it('are there after a start', async () => {
    await set('champions', MAY_NOT_NAME_CHAMPIONS);
    const [first] = platforms;
    await first?.stop();
    const folder = { path: first?.data ?? '', remove: first?.remove ?? (() => {}) };
    platforms[0] = await startPlatform(['--identity', 'required', ...database.args], folder);
    expect((await setAlias(engineer, 'champion')).status).toBe(403);
  });
});
