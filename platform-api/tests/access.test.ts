import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Access } from '@mlops/operations';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authoriser, type Role, roles } from '../src/access/index.ts';
import { resourceTypes } from '../src/administration/access.ts';
import { everyRow } from './every-operation.ts';
import { startPlatform, type TestPlatform } from './platform.ts';

/** What each role may do to the things of its team. */
const MAY: Readonly<Record<Role, readonly Access[]>> = {
  viewer: ['read'],
  'data-scientist': ['read', 'write', 'predict'],
  'ml-engineer': ['read', 'write', 'predict', 'delete', 'deploy'],
  'model-owner': ['read', 'write', 'predict', 'delete', 'deploy'],
  approver: ['read'],
  compliance: ['read'],
  finops: ['read'],
  auditor: ['read'],
  'team-admin': ['read', 'write', 'predict', 'delete', 'deploy', 'administer'],
  'platform-admin': ['read', 'write', 'predict', 'delete', 'deploy', 'administer'],
};
/** What concerns all teams. */
const PLATFORM_MATTERS = [
  'listSettings',
  'setQuota',
  'listJobRuns',
  'createTeam',
  'archiveTeam',
  'restoreTeam',
  'createWorkspace',
  'deleteWorkspace',
  'runJobNow',
  'cancelJobRun',
  'exportAudit',
  'listPolicies',
  'getPolicy',
  'setPolicy',
  'removePolicy',
  'previewPolicy',
];
/** Everybody has tokens and sessions of their own. */
/** Opening one is refused to tokens besides. */
const EMERGENCIES = ['openBreakGlass', 'endBreakGlass'];
const OWN_TOKENS = ['createToken', 'revokeToken', 'endSession', 'approveCommandLine'];

function isAllowed(role: Role, name: string, access: Access): boolean {
  if (PLATFORM_MATTERS.includes(name)) return role === 'platform-admin';
  if (EMERGENCIES.includes(name) && ['ml-engineer', 'model-owner'].includes(role)) return true;
  return OWN_TOKENS.includes(name) || MAY[role].includes(access);
}

describe('every operation of every protocol', () => {
  let platform: TestPlatform;
  const tokens = new Map<Role, string>();
  /** Things that nobody has: what is allowed finds nothing, and changes nothing. */
  const nothing = {
    name: 'none',
    experiment_id: '987654',
    experiment_name: 'none',
    run_id: 'e'.repeat(32),
    run_uuid: 'e'.repeat(32),
    model_id: `m-${'f'.repeat(32)}`,
    id: 'f'.repeat(16),
    path: '987654/none/artifacts/x.txt',
    version: '7',
    alias: 'champion',
    workspace_name: 'none',
    principal: 'nobody',
    resource: 'deployments',
    run: 'none',
    max_results: 10,
    key: 'k',
    tag_key: 'k',
    metric_key: 'k',
    value: '1',
    timestamp: 1,
    source: 's3://bucket/x',
    stage: 'Staging',
    status: 'LOGGED_MODEL_READY',
    model: 'models:/none/1',
    actuals: [{ key: 'k', value: 1 }],
    days: 30,
    limit: 100,
    roles: ['viewer'],
    sequence: 1,
    from: 1,
    team: 'none',
    reason: 'the model answers nonsense',
    review: 'fine',
    user_code: 'ABCD-EFGH',
    policy: 'permit (principal, action, resource) when { false };',
    since: '2026-01-01T00:00:00Z',
    until: '2026-01-02T00:00:00Z',
    entities: { id: [1] },
    features: ['none:x'],
    push_source_name: 'none',
    feature_view_name: 'none',
    df: { id: [1] },
    start_ts: '2026-01-01',
    end_ts: '2026-01-02',
    files: [],
    entity_key: { id: 1 },
  };
  /** Of these a field means something else. */
  const otherwise: Readonly<Record<string, object>> = {
    updateRun: { status: 'FINISHED' },
    listPredictions: { status: 200 },
    createToken: { roles: undefined, team: undefined },
    checkAccess: { principal: { roles: ['viewer'] }, action: 'read', resource: { type: 'run' } },
    searchModelVersions: { max_results: 10 },
    materialize: { version: undefined },
    materializeIncremental: { version: undefined },
  };

  beforeAll(async () => {
    platform = await startPlatform(['--identity', 'required']);
    const admin = readFileSync(join(platform.data, 'admin-token'), 'utf8').trim();
    expect(await send(admin, 'POST /api/v1/teams', { name: 'alpha' })).toBe(201);
    for (const role of roles) {
      const body = { name: role, team: 'alpha', roles: [role], service_account: role };
      const answer = await fetch(`${platform.url}/api/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      tokens.set(role, ((await answer.json()) as { token: string }).token);
    }
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  async function send(token: string | undefined, route: string, body: unknown): Promise<number> {
    const [method = '', path = ''] = route.split(' ');
    const headers = {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(`${platform.url}${path}`, init);
    await response.arrayBuffer();
    return response.status;
  }

  it('can be asked for, with the policies that decide', async () => {
    const check = async (role: Role, body: object) => {
      const headers = { authorization: `Bearer ${tokens.get(role)}`, 'content-type': 'application/json' };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await fetch(`${platform.url}/api/v1/access/check`, init)).json();
    };
    const alias = { type: 'registered-model-alias', id: 'payments@champion' };
    expect(await check('viewer', { action: 'write', resource: alias })).toEqual({ allowed: false, policies: [] });
    expect(await check('ml-engineer', { action: 'write', resource: alias })).toEqual({
      allowed: true,
      policies: ['roles/data-scientists-work'],
    });
    const whole = { action: 'read', resource: { type: 'audit-log' }, operation: 'exportAudit' };
    expect(await check('team-admin', whole)).toEqual({ allowed: false, policies: ['roles/audit-export'] });
    const somebody = { principal: { roles: ['platform-admin'] }, ...whole };
    expect(await check('viewer', somebody)).toMatchObject({ allowed: true });
  });

  it('tells how the platform is, and to administrators its settings without secrets', async () => {
    const get = async (role: Role, path: string) => {
      const headers = { authorization: `Bearer ${tokens.get(role)}` };
      return (await fetch(`${platform.url}/api/v1/${path}`, { headers })).json();
    };
    expect(await get('viewer', 'status')).toEqual({
      ok: true,
      parts: ['database', 'tracking', 'deployments', 'features'].map((name) => ({ name, ok: true, reason: null })),
    });
    const { settings } = (await get('platform-admin', 'settings')) as { settings: Record<string, unknown> };
    expect(settings).toMatchObject({ identity: 'required', host: '127.0.0.1' });
  });

  it('is for nobody without a token', async () => {
    const open: string[] = [];
    for (const { name, request } of everyRow) {
      const { route, body } = request({ ...nothing, ...otherwise[name] });
      const status = await send(undefined, route, body);
      if (status !== 401) open.push(`${name} ${status}`);
    }
    expect(open).toEqual([]);
  });

  it.each(roles)('answers %s what that role may do, and 403 to all else', async (role) => {
    const wrong: string[] = [];
    let refused = 0;
    for (const { name, operation, request } of everyRow) {
      const { route, body } = request({ ...nothing, ...otherwise[name] });
      const status = await send(tokens.get(role), route, body);
      const allowed = isAllowed(role, name, operation.access);
      if (status === 403) refused += 1;
      if (allowed ? status === 403 || status === 401 || status >= 500 : status !== 403)
        wrong.push(`${name} (${operation.access}): ${status}`);
    }
    expect(wrong).toEqual([]);
    if (role !== 'platform-admin') expect(refused).toBeGreaterThan(0);
  });
});

it('every kind of thing that an operation touches is one that policies and questions know', () => {
  const authoriser = new Authoriser();
  const types = [...new Set(everyRow.map(({ operation }) => operation.resource.type))].sort();
  for (const type of types) {
    const principal = { type: 'user', id: 'vic', team: 'a', roles: ['team-admin'] } as const;
    const question = { principal, action: 'read', resource: { type, id: 'x' }, owner: 'a', operation: 'x' } as const;
    expect([type, authoriser.explain(question).allowed]).toEqual([type, true]);
  }
  expect(resourceTypes.toSorted()).toEqual(types);
});

it('policies know people from programs of the same name', () => {
  const folder = temporaryFolder();
  const text = 'forbid (principal == User::"vic", action, resource) when { resource is Deployment };';
  writeFileSync(join(folder.path, 'own.cedar'), text);
  const authoriser = new Authoriser(folder.path);
  const may = (type: 'user' | 'service') =>
    authoriser.explain({
      principal: { type, id: 'vic', team: 'a', roles: ['ml-engineer'] },
      action: 'deploy',
      resource: { type: 'deployment', id: 'payments' },
      owner: 'a',
      operation: 'createDeployment',
    }).allowed;
  expect([may('user'), may('service')]).toEqual([false, true]);
  folder.remove();
});
