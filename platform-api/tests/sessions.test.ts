import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createProgram } from '@mlops/cli';
import { openDatabase } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPlatform, type TestPlatform } from './platform.ts';

const GROUPS: Readonly<Record<string, string[]>> = { anna: ['engineers', 'clinicians'], zoe: [] };

/** A browser as far as HTTP goes: it keeps cookies, follows redirects, and sends forms. */
class Browser {
  readonly #jars = new Map<string, Map<string, string>>();
  address = '';

  async open(address: string, init: RequestInit = {}): Promise<{ status: number; text: string; headers: Headers }> {
    const { origin } = new URL(address);
    const jar = this.#jars.get(origin) ?? new Map<string, string>();
    this.#jars.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { accept: 'text/html', ...(init.headers as object), cookie };
    const response = await fetch(address, { ...init, headers, redirect: 'manual' });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === '' || /max-age=0|1970/i.test(set)) jar.delete(name);
      else jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location !== null && response.status < 400) return this.open(new URL(location, address).href);
    this.address = address;
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  /** Fills the form of a page and sends it. */
  submit(page: string, fields: Readonly<Record<string, string>>): Promise<{ status: number; text: string }> {
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(page) ?? [];
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.open(new URL(action, this.address).href, { method: 'POST', headers, body });
  }

  cookie(origin: string, name: string): string | undefined {
    return this.#jars.get(origin)?.get(name);
  }

  keep(origin: string, name: string, value: string): void {
    this.#jars.get(origin)?.set(name, value);
  }
}

describe('people who sign in with a browser', () => {
  const folder = temporaryFolder();
  let platform: TestPlatform;
  let provider: { url: string; server: Server };
  let admin = '';

  beforeAll(async () => {
    let callback: ReturnType<Provider['callback']> | undefined;
    const server = createServer((request, response) => void callback?.(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    provider = { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, server };
    const issuers = join(folder.path, 'issuers.yaml');
    writeFileSync(join(folder.path, 'secret'), 'very-secret\n');
    const issuer = {
      issuer: provider.url,
      title: 'the company',
      audience: 'mlops',
      client_id: 'mlops-platform',
      client_secret_file: join(folder.path, 'secret'),
      scopes: 'openid groups',
      memberships: [
        { group: 'engineers', team: 'default', roles: ['ml-engineer'] },
        { group: 'clinicians', team: 'clinic', roles: ['viewer'] },
      ],
      mfa: { claim: 'groups', values: ['clinicians'] },
    };
    writeFileSync(issuers, JSON.stringify({ issuers: [issuer] }));
    platform = await startPlatform(['--identity', 'required', '--oidc-issuers', issuers]);
    admin = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
    await api(admin, 'POST', '/api/v1/teams', { name: 'clinic', compliance_level: 'hipaa' });
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const key = { ...(await exportJWK(privateKey)), kid: 'one', alg: 'RS256', use: 'sig' };
    callback = new Provider(provider.url, {
      clients: [
        {
          client_id: 'mlops-platform',
          client_secret: 'very-secret',
          redirect_uris: [`${platform.url}/login/callback`],
        },
      ],
      jwks: { keys: [key] },
      conformIdTokenClaims: false,
      claims: { openid: ['sub'], groups: ['groups'] },
      pkce: { required: () => true },
      findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, groups: GROUPS[id] ?? [] }) }),
    }).callback();
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
    folder.remove();
    provider.server.closeAllConnections();
    await new Promise((resolve) => provider.server.close(resolve));
  });

  async function api(token: string, method: string, path: string, body?: unknown) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const init =
      body === undefined
        ? { method, headers: { authorization: headers.authorization } }
        : { method, headers, body: JSON.stringify(body) };
    const answer = await fetch(`${platform.url}${path}`, init);
    return { status: answer.status, body: (await answer.json()) as any };
  }

  /** Through the provider's own pages. */
  async function signIn(browser: Browser, person: string, path = '/login?return_to=/') {
    const form = await browser.open(`${platform.url}${path}`);
    expect(browser.address).toContain(provider.url);
    const consent = await browser.submit(form.text, { login: person, password: 'any' });
    return browser.submit(consent.text, {});
  }
  const csrfOf = (page: string) => /data-csrf="([^"]+)"/.exec(page)?.[1] ?? '';
  const send = async (
    browser: Browser,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ) => {
    const init =
      body === undefined
        ? { method, headers }
        : { method, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const { status, text } = await browser.open(`${platform.url}${path}`, init);
    return { status, body: JSON.parse(text) };
  };

  it('are led to their provider and back to where they wanted, and are who it says', async () => {
    const browser = new Browser();
    expect((await browser.open(`${platform.url}/`)).text).toContain('<a href="/login">Sign in</a>');
    const { text } = await signIn(browser, 'anna');
    expect([browser.address, text.includes('Signed in as anna')]).toEqual([`${platform.url}/`, true]);
    const me = (await send(browser, 'GET', '/api/v1/me')).body;
    expect([me.id, me.team, me.roles]).toEqual(['anna', 'default', ['ml-engineer']]);
    const { entries } = (await api(admin, 'GET', '/api/v1/audit?action=createSession')).body;
    expect(entries[0]).toMatchObject({ actor: { id: 'anna' }, outcome: 'succeeded' });
  });

  it('change things only from a page of ours, and sign out', async () => {
    const browser = new Browser();
    const { text } = await signIn(browser, 'anna');
    const csrf = { 'x-csrf-token': csrfOf(text) };
    const create = (headers: Record<string, string>) =>
      send(browser, 'POST', '/api/2.0/mlflow/experiments/create', headers, { name: `e-${crypto.randomUUID()}` });
    expect([
      (await create({})).status,
      (await create({ 'x-csrf-token': 'x' })).status,
      (await create(csrf)).status,
    ]).toEqual([403, 403, 200]);
    expect((await create({ ...csrf, origin: 'http://evil.example' })).status).toBe(403);
    const sessions = (await send(browser, 'GET', '/api/v1/sessions')).body.sessions;
    expect(sessions[0]).toMatchObject({ kind: 'browser' });
    const secret = browser.cookie(platform.url, 'mlops_session') ?? '';
    expect((await send(browser, 'DELETE', '/api/v1/sessions/current', csrf)).status).toBe(200);
    expect((await send(browser, 'GET', '/api/v1/me')).status).toBe(401);
    expect((await api(secret, 'GET', '/api/v1/me')).status).toBe(401);
    await browser.open(`${platform.url}/logout`);
    expect(browser.cookie(platform.url, 'mlops_session')).toBeUndefined();
  });

  it('keep a cookie that scripts cannot read and other sites do not send', async () => {
    const browser = new Browser();
    const form = await browser.open(`${platform.url}/login`);
    const attempt = browser.cookie(platform.url, 'mlops_sign_in');
    expect(JSON.parse(Buffer.from(attempt ?? '', 'base64url').toString())).toMatchObject({ returnTo: '/' });
    const consent = await browser.submit(form.text, { login: 'anna', password: 'any' });
    const [, action = ''] = /<form[^>]* action="([^"]+)"/.exec(consent.text) ?? [];
    expect(action).not.toBe('');
    const answer = await fetch(`${platform.url}/login`, { redirect: 'manual' });
    expect(answer.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=600$/);
    expect(answer.headers.get('location')).toMatch(/code_challenge_method=S256/);
  });

  it.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)'])(
    'are never sent to %s',
    async (to) => {
      const browser = new Browser();
      await signIn(browser, 'anna', `/login?${new URLSearchParams({ return_to: to }).toString()}`);
      expect(browser.address).toBe(`${platform.url}/`);
    },
  );

  it('are nobody with a code, a state or a cookie of others', async () => {
    const browser = new Browser();
    await browser.open(`${platform.url}/login`);
    for (const query of [
      'code=x&state=y',
      '',
      'error=access_denied&state=y',
      `code=x&iss=${encodeURIComponent(provider.url)}`,
    ]) {
      const { status } = await browser.open(`${platform.url}/login/callback?${query}`);
      expect([query, status]).toEqual([query, 401]);
    }
    await signIn(browser, 'anna');
    const secret = browser.cookie(platform.url, 'mlops_session') ?? '';
    browser.keep(platform.url, 'mlops_session', `${secret.slice(0, -2)}xx`);
    expect((await send(browser, 'GET', '/api/v1/me')).status).toBe(401);
  });

  it('who is in no team is told so', async () => {
    const { status, text } = await signIn(new Browser(), 'zoe');
    expect([status, text]).toEqual([403, expect.stringContaining('zoe is in no team')]);
  });

  it('let their command line in by the code that it shows', async () => {
    const browser = new Browser();
    const page = await signIn(browser, 'anna');
    const said: string[] = [];
    const printed: string[] = [];
    const env = { XDG_CONFIG_HOME: folder.path, MLOPS_URL: platform.url };
    const program = createProgram(
      env,
      (text) => printed.push(text),
      (text) => said.push(text),
    );
    const login = program.parseAsync(['node', 'mlops', 'login', '--device']);
    await expect.poll(() => said.join('')).toMatch(/let the code [A-Z]{4}-[A-Z]{4} in/);
    const [, code = ''] = /let the code (\S+) in/.exec(said.join('')) ?? [];
    const shown = await browser.open(`${platform.url}/login/command-line?code=${code}`);
    expect(shown.text).toContain('It acts as <strong>anna</strong>');
    const csrf = { 'x-csrf-token': csrfOf(page.text) };
    const approve = (user_code: string) => send(browser, 'POST', '/api/v1/sessions/approve', csrf, { user_code });
    expect((await approve('XXXX-XXXX')).status).toBe(404);
    expect((await api(admin, 'POST', '/api/v1/sessions/approve', { user_code: code })).status).toBe(400);
    expect((await approve(code.toLowerCase())).status).toBe(200);
    expect((await approve(code)).status).toBe(404);
    await login;
    expect(printed.join('')).toMatch(/anna/);
    const kept = JSON.parse(readFileSync(join(folder.path, 'mlops/credentials.json'), 'utf8')) as Record<
      string,
      string
    >;
    const token = kept[platform.url] ?? '';
    const laptop = (await api(token, 'POST', '/api/v1/tokens', { name: 'training', expires_in: 90 * 86_400 })).body;
    expect(laptop).toMatchObject({ principal: 'anna', roles: ['ml-engineer'] });
  });

  it('are asked to sign in first where a command line waits', async () => {
    const browser = new Browser();
    await signIn(browser, 'anna', '/login/command-line?code=ABCD-EFGH');
    expect(browser.address).toBe(`${platform.url}/login/command-line?code=ABCD-EFGH`);
  });

  it('see regulated data no more when they were away for over 15 minutes, and nothing after 8 hours', async () => {
    const browser = new Browser();
    await signIn(browser, 'anna');
    expect((await send(browser, 'GET', '/teams/clinic/api/v1/me')).status).toBe(200);
    const secret = browser.cookie(platform.url, 'mlops_session') ?? '';
    const [, id = ''] = secret.split('_');
    const database = openDatabase<any>({ data: platform.data });
    const change = async (set: object) => {
      await database.write((tx) => tx.updateTable('sessions').set(set).where('id', '=', id).execute());
    };
    await change({ seen_at: Date.now() - 16 * 60_000 });
    await expect.poll(async () => (await send(browser, 'GET', '/teams/clinic/api/v1/me')).status).toBe(401);
    expect((await send(browser, 'GET', '/api/v1/me')).status).toBe(200);
    expect((await send(browser, 'GET', '/teams/clinic/api/v1/me')).status).toBe(401);
    await change({ expires_at: Date.now() - 1 });
    await expect.poll(async () => (await send(browser, 'GET', '/api/v1/me')).status).toBe(401);
    await database.close();
  });
});
