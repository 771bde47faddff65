import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram, suite, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, onEachDatabase, startPlatform, type TestPlatform } from './platform.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');

async function ask(
  platform: { url: string },
  authorization: string | undefined,
  request: string,
  body?: unknown,
): Promise<Answer> {
  const [method = '', path = ''] = request.split(' ');
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${platform.url}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

onEachDatabase('with identity required', (database) => {
  let platform: TestPlatform;
  let admin = '';
  beforeAll(async () => {
    platform = await startPlatform(['--identity', 'required', ...database.args]);
    admin = `Bearer ${readFileSync(join(platform.data, 'admin-token'), 'utf8').trim()}`;
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });
  const create = async (as: string, body: object) => ask(platform, as, 'POST /api/v1/tokens', body);
  const bearer = async (body: object) => `Bearer ${(await create(admin, body)).body.token}`;

  it('the first token is the administrator’s, and only its owner can read it', async () => {
    expect(statSync(join(platform.data, 'admin-token')).mode & 0o777).toBe(0o600);
    expect((await ask(platform, admin, 'GET /api/v1/me')).body).toEqual({
      type: 'user',
      id: 'admin',
      team: 'default',
      roles: ['platform-admin'],
      teams: [{ team: 'default', roles: ['platform-admin'] }],
    });
  });

  it('nobody without a token is let in, on any protocol, and probes are', async () => {
    for (const path of [
      '/api/v1/me',
      '/api/2.0/mlflow/experiments/get?experiment_id=0',
      '/v2/models',
      '/api/v1/audit/export',
    ]) {
      for (const authorization of [undefined, 'Bearer nonsense', 'Basic bm9ib2R5Om5vbmU=', `${admin}x`]) {
        const answer = await ask(platform, authorization, `GET ${path}`);
        expect([path, authorization, answer.status]).toEqual([path, authorization, 401]);
      }
    }
    const unknown = await fetch(`${platform.url}/api/v1/me`);
    expect(unknown.headers.get('www-authenticate')).toContain('Basic');
    for (const path of ['/healthz', '/readyz', '/health'])
      expect((await fetch(`${platform.url}${path}`)).status).toBe(200);
    const denied = (await ask(platform, admin, 'GET /api/v1/audit?outcome=denied')).body.entries as {
      action: string;
    }[];
    // Each with credentials that are false; those without any are no sign-in.
    expect(denied.length).toBeGreaterThan(0);
    await ask(platform, 'Bearer nonsense', 'POST /api/v1/tokens', { name: 'x' });
    const [entry] = (await ask(platform, admin, 'GET /api/v1/audit?outcome=denied')).body.entries;
    expect(entry).toMatchObject({ action: 'createToken', actor: { type: 'unknown' } });
  });

  it('a token works as Bearer and as the password of Basic, is shown once, and is kept as a hash', async () => {
    const made = await create(admin, { name: 'ci', roles: ['data-scientist'], service_account: 'trainer' });
    const { token, id } = made.body;
    expect(made).toMatchObject({ status: 201, body: { principal: 'trainer', service_account: true, team: 'default' } });
    const basic = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`;
    for (const authorization of [`Bearer ${token}`, basic])
      expect((await ask(platform, authorization, 'GET /api/v1/me')).body).toMatchObject({
        type: 'service',
        id: 'trainer',
      });
    const listed = (await ask(platform, admin, 'GET /api/v1/tokens')).body.tokens;
    expect(listed.find((each: { id: string }) => each.id === id).last_used_at).not.toBeNull();
    expect(JSON.stringify(listed)).not.toContain(token);
    expect(JSON.stringify((await ask(platform, admin, 'GET /api/v1/audit')).body)).not.toContain(token);
  });

  it('a token is never wider than its owner', async () => {
    const scientist = await bearer({ name: 'a', roles: ['data-scientist'], service_account: 'a-scientist' });
    expect((await create(scientist, { name: 'narrow', roles: ['data-scientist'] })).status).toBe(201);
    for (const wider of [{ roles: ['platform-admin'] }, { team: 'other' }, { service_account: 'ghost' }])
      expect((await create(scientist, { name: 'wide', ...wider })).status).toBe(403);
    const { body } = await create(scientist, { name: 'same' });
    expect(body).toMatchObject({ roles: ['data-scientist'], principal: 'a-scientist', service_account: true });
  });

  it.each([
    ['viewer', [200, 403, 403]],
    ['data-scientist', [200, 200, 403]],
    ['ml-engineer', [200, 200, 404]],
  ])('the role %s may do what it says', async (role, expected) => {
    const token = await bearer({ name: role, roles: [role], service_account: `a-${role}` });
    const statuses = [
      await ask(platform, token, 'GET /api/2.0/mlflow/experiments/get?experiment_id=0'),
      await ask(platform, token, 'POST /api/2.0/mlflow/experiments/create', { name: `by ${role}` }),
      await ask(platform, token, 'DELETE /api/v1/deployments/none'),
    ].map(({ status }) => status);
    expect(statuses).toEqual(expected);
    expect((await ask(platform, token, 'PUT /api/v1/quotas/deployments', { limit: 1 })).status).toBe(403);
  });

  it('is made for teams that there are, and for their members', async () => {
    expect((await create(admin, { name: 'x', team: 'nowhere' })).status).toBe(404);
    await ask(platform, admin, 'POST /api/v1/teams', { name: 'fraud', owners: ['fay'] });
    expect((await create(admin, { name: 'x', team: 'fraud', member: 'nobody' })).status).toBe(404);
    const made = await create(admin, { name: 'x', team: 'fraud', member: 'fay' });
    expect(made.body).toMatchObject({ principal: 'fay', team: 'fraud', roles: ['team-admin'], service_account: false });
    const fay = `Bearer ${made.body.token}`;
    expect((await create(fay, { name: 'y', member: 'fay', roles: ['viewer'] })).status).toBe(403);
    expect((await create(fay, { name: 'y', team: 'default' })).status).toBe(403);
  });

  it('ends where its owner is in the team no more, or as less', async () => {
    await ask(platform, admin, 'POST /api/v1/teams', { name: 'risk' });
    const put = (roles: string[]) => ask(platform, admin, 'PUT /api/v1/teams/risk/members/rob', { roles });
    const me = (token: string) => ask(platform, `Bearer ${token}`, 'GET /api/v1/me');
    await put(['viewer', 'data-scientist']);
    const wide = (await create(admin, { name: 'w', team: 'risk', member: 'rob' })).body.token;
    const narrow = (await create(admin, { name: 'n', team: 'risk', member: 'rob', roles: ['viewer'] })).body.token;
    expect((await me(wide)).body).toMatchObject({ id: 'rob', team: 'risk', roles: ['viewer', 'data-scientist'] });
    await put(['viewer']);
    expect([(await me(wide)).status, (await me(narrow)).status]).toEqual([401, 200]);
    await ask(platform, admin, 'DELETE /api/v1/teams/risk/members/rob');
    expect((await me(narrow)).status).toBe(401);
  });

  it('makes no token that outlives it', async () => {
    const short = await bearer({ name: 'short', expires_in: 60, service_account: 'brief' });
    const [own] = (await ask(platform, short, 'GET /api/v1/tokens')).body.tokens.filter(
      ({ principal }: { principal: string }) => principal === 'brief',
    );
    for (const more of [{}, { service_account: 'other' }])
      expect((await create(short, { name: 'child', ...more })).body.expires_at).toBe(own.expires_at);
    expect((await create(short, { name: 'longer', expires_in: 3600 })).status).toBe(403);
    const child = (await create(short, { name: 'shorter', expires_in: 1 })).body;
    expect(Date.parse(child.expires_at)).toBeLessThan(Date.parse(own.expires_at));
  });

  it('makes no further one in another process after it was revoked in this one', async () => {
    if (!database.url) return;
    const other = await startPlatform(['--identity', 'required', ...database.args]);
    try {
      const { id, token } = (await create(admin, { name: 'x', service_account: 'gone' })).body;
      expect((await ask(other, `Bearer ${token}`, 'GET /api/v1/me')).status).toBe(200);
      await ask(platform, admin, `DELETE /api/v1/tokens/${id}`);
      expect((await ask(other, `Bearer ${token}`, 'POST /api/v1/tokens', { name: 'after' })).status).toBe(401);
      await ask(platform, admin, 'POST /api/v1/teams', { name: 'shrinks' });
      const put = (who: string, roles: string[]) =>
        ask(platform, admin, `PUT /api/v1/teams/shrinks/members/${who}`, { roles });
      for (let i = 0; i < 8; i++) {
        await put(`m${i}`, ['team-admin']);
        const [, made] = await Promise.all([
          put(`m${i}`, ['viewer']),
          ask(other, admin, 'POST /api/v1/tokens', { name: 'x', team: 'shrinks', member: `m${i}` }),
        ]);
        const me = await ask(platform, `Bearer ${made.body.token}`, 'GET /api/v1/me');
        expect(me.status === 401 || me.body.roles.join()).not.toBe('team-admin');
      }
    } finally {
      await other.stop();
      other.remove();
    }
  });

  it('is a person’s or a program’s, though both are called the same', async () => {
    await ask(platform, admin, 'POST /api/v1/teams', { name: 'twins' });
    await ask(platform, admin, 'PUT /api/v1/teams/twins/members/ann', { roles: ['viewer'] });
    const person = (await create(admin, { name: 'p', team: 'twins', member: 'ann' })).body;
    const twin = { name: 's', team: 'twins', service_account: 'ann', roles: ['viewer'] };
    const program = `Bearer ${(await create(admin, twin)).body.token}`;
    const { tokens } = (await ask(platform, program, 'GET /api/v1/tokens')).body;
    expect(tokens.map(({ name }: { name: string }) => name)).toEqual(['s']);
    expect((await ask(platform, program, `DELETE /api/v1/tokens/${person.id}`)).status).toBe(404);
  });

  it('of a platform administrator is not ended by who administers one team', async () => {
    const put = (as: string, who: string, roles: string[]) =>
      ask(platform, as, `PUT /api/v1/teams/default/members/${who}`, { roles });
    await put(admin, 'dora', ['team-admin']);
    await put(admin, 'padma', ['platform-admin']);
    const dora = await bearer({ name: 'd', member: 'dora' });
    const { id, token } = (await create(admin, { name: 'p', member: 'padma' })).body;
    expect((await ask(platform, dora, `DELETE /api/v1/tokens/${id}`)).status).toBe(403);
    for (const who of ['padma', 'admin']) expect((await put(dora, who, ['viewer'])).status).toBe(403);
    expect((await ask(platform, dora, 'DELETE /api/v1/teams/default/members/padma')).status).toBe(403);
    for (const as of [`Bearer ${token}`, admin]) expect((await ask(platform, as, 'GET /api/v1/me')).status).toBe(200);
    // Nor does such a one become an auditor of all teams.
    for (const role of ['auditor', 'compliance'])
      expect((await put(dora, 'dora', ['team-admin', role])).status).toBe(403);
    expect((await put(dora, 'dan', ['viewer'])).status).toBe(200);
    await put(admin, 'dan', ['auditor']);
    expect((await put(dora, 'dan', ['auditor', 'viewer'])).status).toBe(200);
  });

  it('ends at its time, or at once when it is revoked', async () => {
    const short = await bearer({ name: 'short', expires_in: 1 });
    expect((await ask(platform, short, 'GET /api/v1/me')).status).toBe(200);
    await expect.poll(async () => (await ask(platform, short, 'GET /api/v1/me')).status, { timeout: 3000 }).toBe(401);
    const { id, token } = (await create(admin, { name: 'revoked' })).body;
    expect((await ask(platform, `Bearer ${token}`, 'GET /api/v1/me')).status).toBe(200);
    expect((await ask(platform, admin, `DELETE /api/v1/tokens/${id}`)).body.revoked_at).not.toBeNull();
    expect((await ask(platform, `Bearer ${token}`, 'GET /api/v1/me')).status).toBe(401);
    expect((await ask(platform, admin, 'DELETE /api/v1/tokens/none')).status).toBe(404);
  });

  it('that is false is an entry, too many are refused unseen, and what is valid passes all the same', async () => {
    const basic = (name: string) => `Basic ${Buffer.from(`${name}:wrong`).toString('base64')}`;
    const statuses = [];
    for (let i = 0; i < 30; i++) statuses.push((await ask(platform, basic('anna'), 'GET /api/v1/me')).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
    for (let i = 0; i < 30; i++) await ask(platform, basic(`name-${i}`), 'GET /api/v1/me');
    const refused = await fetch(`${platform.url}/api/v1/me`, { headers: { authorization: basic('nobody-at-all') } });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(platform, admin, 'GET /api/v1/me')).status).toBe(200);
    const entries = (await ask(platform, admin, 'GET /api/v1/audit?team=unknown&action=whoAmI')).body.entries;
    expect(entries.length).toBeLessThanOrEqual(31);
  });
});

suite('a token revoked in one process', { needs: ['postgres'] }, () => {
  it('ends in another within a second', async () => {
    const { startPostgres } = await import('@mlops/testing');
    const postgres = await startPostgres();
    const args = ['--identity', 'required', '--database', postgres.url];
    const [first, second] = [await startPlatform(args), await startPlatform(args)];
    const admin = `Bearer ${readFileSync(join(first.data, 'admin-token'), 'utf8').trim()}`;
    const { id, token } = (await ask(first, admin, 'POST /api/v1/tokens', { name: 'shared' })).body;
    expect((await ask(second, `Bearer ${token}`, 'GET /api/v1/me')).status).toBe(200);
    await ask(first, admin, `DELETE /api/v1/tokens/${id}`);
    const seen = async () => (await ask(second, `Bearer ${token}`, 'GET /api/v1/me')).status;
    await expect.poll(seen, { timeout: 1000 }).toBe(401);
    for (const platform of [first, second]) {
      await platform.stop();
      platform.remove();
    }
    await postgres.stop();
  });
});

describe('a platform with identity required', () => {
  it('listens where others can call, says where the first token is, and loads the example by itself', async () => {
    const folder = temporaryFolder();
    const platform = await startProgram(MAIN, ['--port', '0', '--data', folder.path, '--identity', 'required']);
    const admin = `Bearer ${readFileSync(join(folder.path, 'admin-token'), 'utf8').trim()}`;
    const { body } = await ask(platform, admin, 'GET /api/v1/deployments/flight-delays');
    expect(body).toMatchObject({ status: 'ready', revision: { created_by: 'platform' } });
    await platform.stop();
    folder.remove();
  });
});
