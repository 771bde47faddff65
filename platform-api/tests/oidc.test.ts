import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readIssuers } from '../src/access/index.ts';
import { startPlatform, type TestPlatform } from './platform.ts';

const AUDIENCE = 'mlops';
const GROUPS: Readonly<Record<string, string[]>> = {
  anna: ['fraud-engineers', 'all'],
  bert: ['all'],
  carl: [],
  hana: ['clinical'],
  hugo: ['clinical'],
};

/** A real OpenID provider; people are its clients here, so that they get their tokens without a browser. */
class Issuer {
  url = '';
  #port = 0;
  #server: Server | undefined;
  #keys: JWK[] = [];

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#provider?.callback()(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
    this.url = `http://127.0.0.1:${this.#port}`;
    if (this.#keys.length === 0) await this.rotate('first');
    else this.#open();
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** From now on tokens are signed by another key; the ones before are taken back. */
  async rotate(kid: string): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    this.#keys = [{ ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' }];
    this.#open();
  }

  async token(person: string, audience = AUDIENCE): Promise<string> {
    const body = new URLSearchParams({ grant_type: 'client_credentials', resource: `urn:${audience}` });
    const authorization = `Basic ${Buffer.from(`${person}:secret`).toString('base64')}`;
    const answer = await fetch(`${this.url}/token`, { method: 'POST', body, headers: { authorization } });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  #provider: Provider | undefined;
  #open(): void {
    const clients = Object.keys(GROUPS).map((client_id) => ({
      client_id,
      client_secret: 'secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    }));
    this.#provider = new Provider(this.url, {
      clients,
      jwks: { keys: this.#keys },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_context, resource) => ({
            scope: '',
            audience: resource.replace('urn:', ''),
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
      extraTokenClaims: (_context, { clientId = '' }) => ({
        groups: GROUPS[clientId] ?? [],
        amr: clientId === 'hana' ? ['pwd', 'otp'] : ['pwd'],
      }),
    });
  }
}

describe('with an OpenID provider', () => {
  const issuer = new Issuer();
  const folder = temporaryFolder();
  let platform: TestPlatform;
  let admin = '';
  const told: unknown[] = [];
  const webhook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push(JSON.parse(body));
      response.end();
    });
  });

  beforeAll(async () => {
    await issuer.start();
    const memberships = [
      { group: 'fraud-engineers', team: 'fraud', roles: ['ml-engineer'] },
      { group: 'all', team: 'default', roles: ['viewer'] },
      { group: 'clinical', team: 'clinical', roles: ['data-scientist'] },
    ];
    const mfa = { claim: 'amr', values: ['otp'] };
    const file = join(folder.path, 'issuers.yaml');
    writeFileSync(file, JSON.stringify({ issuers: [{ issuer: issuer.url, audience: AUDIENCE, memberships, mfa }] }));
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    const hook = `http://127.0.0.1:${(webhook.address() as { port: number }).port}/secret`;
    platform = await startPlatform(['--identity', 'required', '--oidc-issuers', file, '--break-glass-webhook', hook]);
    admin = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
    await ask(admin, 'POST', '/api/v1/teams', { name: 'fraud' });
    await ask(admin, 'POST', '/api/v1/teams', { name: 'clinical', compliance_level: 'hipaa' });
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
    folder.remove();
    webhook.close();
    await issuer.stop();
  });

  async function ask(token: string, method: string, path: string, body?: unknown) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(`${platform.url}${path}`, init);
    return { status: answer.status, body: (await answer.json()) as any };
  }
  const me = (token: string, team = '') => ask(token, 'GET', `${team && `/teams/${team}`}/api/v1/me`);

  it('people enter another team in an emergency: for a time, with a reason, told to both, and reviewed by others', async () => {
    await ask(admin, 'POST', '/api/v1/teams', { name: 'payments' });
    const [anna, bert] = [await issuer.token('anna'), await issuer.token('bert')];
    expect((await me(anna, 'payments')).status).toBe(404);
    const asked = { team: 'payments', reason: 'the model answers nonsense', minutes: 30 };
    expect((await ask(bert, 'POST', '/api/v1/break-glass', asked)).status).toBe(403);
    expect((await ask(anna, 'POST', '/api/v1/break-glass', { ...asked, team: 'none' })).status).toBe(404);
    expect((await ask(anna, 'POST', '/api/v1/break-glass', { ...asked, reason: 'x' })).status).toBe(400);
    const { status, body } = await ask(anna, 'POST', '/api/v1/break-glass', asked);
    expect([status, body]).toMatchObject([201, { principal: 'anna', own_team: 'fraud', reviewed_at: null }]);
    expect((await me(anna, 'payments')).body.roles).toEqual(['ml-engineer']);
    expect((await ask(anna, 'POST', '/teams/payments/api/2.0/mlflow/experiments/create', { name: 'x' })).status).toBe(
      200,
    );
    await expect.poll(() => told).toMatchObject([{ event: 'break-glass.opened', team: 'payments', own_team: 'fraud' }]);
    const { entries } = (await ask(admin, 'GET', '/api/v1/audit?team=payments&action=openBreakGlass')).body;
    expect(entries[0]).toMatchObject({ actor: { id: 'anna', team: 'fraud' }, details: { reason: asked.reason } });

    // It is no way to stay: no token outlasts it, it opens no further one, and tokens do not open any.
    expect((await ask(anna, 'POST', '/teams/payments/api/v1/tokens', { name: 'stay' })).status).toBe(403);
    const further = { ...asked, team: 'default' };
    expect((await ask(anna, 'POST', '/teams/payments/api/v1/break-glass', further)).status).toBe(403);
    expect((await ask(admin, 'POST', '/api/v1/break-glass', asked)).status).toBe(400);

    const review = (as: string, team = '') =>
      ask(as, 'POST', `${team}/api/v1/break-glass/${body.id}/review`, { review: 'it was needed' });
    expect((await review(anna)).status).toBe(403);
    expect((await review(anna, '/teams/payments')).status).toBe(403);
    expect((await ask(bert, 'GET', '/api/v1/break-glass')).body.accesses).toEqual([]);
    const list = async () => (await ask(admin, 'GET', '/api/v1/break-glass?unreviewed=true')).body.accesses.length;
    expect(await list()).toBe(1);
    expect((await review(admin)).body).toMatchObject({ reviewed_by: 'admin', review: 'it was needed' });
    expect(await list()).toBe(0);
    expect((await ask(anna, 'DELETE', `/api/v1/break-glass/${body.id}`)).status).toBe(200);
    await expect.poll(async () => (await me(anna, 'payments')).status).toBe(404);
    const { settings } = (await ask(admin, 'GET', '/api/v1/settings')).body;
    expect(settings['break-glass-webhook']).toBe('***');
  });

  it('people are who it says, in the teams that their groups and the platform say', async () => {
    const anna = await issuer.token('anna');
    expect((await me(anna)).body).toEqual({
      type: 'user',
      id: 'anna',
      team: 'fraud',
      roles: ['ml-engineer'],
      teams: [
        { team: 'fraud', roles: ['ml-engineer'] },
        { team: 'default', roles: ['viewer'] },
      ],
    });
    expect((await me(anna, 'default')).body.roles).toEqual(['viewer']);
    expect((await ask(anna, 'POST', '/api/2.0/mlflow/experiments/create', { name: 'x' })).status).toBe(200);
    const bert = await issuer.token('bert');
    expect((await me(bert, 'fraud')).status).toBe(404);
    expect((await me(await issuer.token('carl'))).status).toBe(403);
    await ask(admin, 'PUT', '/api/v1/teams/fraud/members/bert', { roles: ['viewer'] });
    await expect.poll(async () => (await me(bert, 'fraud')).body.roles).toEqual(['viewer']);
    await ask(admin, 'DELETE', '/api/v1/teams/fraud/members/bert');
    await expect.poll(async () => (await me(bert, 'fraud')).status).toBe(404);
  });

  it('a team under HIPAA takes only who has shown a second factor', async () => {
    expect((await me(await issuer.token('hugo'))).body.detail).toContain('second factor');
    expect((await me(await issuer.token('hana'))).body).toMatchObject({ team: 'clinical', roles: ['data-scientist'] });
  });

  it('nothing else is taken: not for others, not by others, not unsigned, not over, not without a name', async () => {
    const claims = { sub: 'anna', groups: ['fraud-engineers'], aud: AUDIENCE, iss: issuer.url };
    const { privateKey } = await generateKeyPair('RS256');
    const signed = (payload: object, header: object = {}) =>
      new SignJWT({ ...payload })
        .setProtectedHeader({ alg: 'RS256', kid: 'first', ...header })
        .setExpirationTime('1h')
        .sign(privateKey);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${encode({ alg: 'none' })}.${encode({ ...claims, exp: Date.now() / 1000 + 60 })}.x`;
    const [head, , signature] = (await issuer.token('bert')).split('.');
    const swapped = `${head}.${encode({ ...claims, exp: Date.now() / 1000 + 60 })}.${signature}`;
    for (const token of [
      await issuer.token('anna', 'others'),
      await signed(claims),
      await signed(claims, { kid: 'unknown' }),
      await signed({ ...claims, iss: 'https://other.example.com' }),
      unsigned,
      swapped,
      `${await issuer.token('anna')}x`,
    ])
      expect((await me(token)).status).toBe(401);
  });

  it('a new key is taken up, and an issuer that is down signs nobody out whose key is known', async () => {
    const before = await issuer.token('anna');
    await issuer.rotate('second');
    // Keys are asked for anew at the most every half minute.
    const after = await issuer.token('anna');
    await expect.poll(async () => (await me(after)).status, { timeout: 40_000, interval: 1000 }).toBe(200);
    await issuer.stop();
    const statuses = [(await me(after)).status, (await me(before)).status];
    expect(statuses[0]).toBe(200);
    await issuer.start();
  }, 60_000);
});

describe('a file of issuers', () => {
  it.each([
    ['issuers: []', 'issuers'],
    ['issuers: [{issuer: "https://a", audience: "x", algorithm: "none"}]', 'issuers.0'],
    ['issuers: [{issuer: "https://a", audience: "x", algorithms: ["HS256"]}]', 'algorithms'],
    ['issuers: [{issuer: "http://login.example.com", audience: "x"}]', 'without TLS'],
    ['issuers: [{issuer: "https://a", audience: "x"}, {issuer: "https://b", audience: "x"}]', 'id_prefix'],
    ['issuers: [{issuer: "https://a", audience: "x", memberships: [{group: g, team: t, roles: [king]}]}]', 'roles'],
    ['{', 'cannot be read'],
  ])('%s is refused', (text, reason) => {
    const folder = temporaryFolder();
    const file = join(folder.path, 'issuers.yaml');
    writeFileSync(file, text);
    expect(() => readIssuers(file)).toThrow(reason);
    folder.remove();
  });
});
