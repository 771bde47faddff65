import { type Database, migrate, openDatabase } from '@mlops/database';
import { PlatformError } from '@mlops/errors';
import { type Call, namedResource, operation, type Pipeline } from '@mlops/operations';
import { createServer } from '@mlops/service';
import { temporaryFolder } from '@mlops/testing';
import { artifactOperations, trackingOperations } from '@mlops/tracking';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authoriser, inOneTeam, type Person } from '../src/access/index.ts';
import { Audit } from '../src/audit/audit.ts';
import { AuditStore, auditSchema } from '../src/audit/store.ts';
import { createPipeline, Meter } from '../src/gateway/index.ts';
import { Owners } from '../src/teams/owners.ts';
import { onEachDatabase } from './platform.ts';

const alice = inOneTeam('user', 'alice', 'a', ['ml-engineer']);
const bob = inOneTeam('user', 'bob', 'b', ['team-admin']);
const change = operation('POST /things', {
  access: 'write',
  resource: { type: 'experiment', created: ({ id }) => id },
  request: Type.Object({}),
  response: Type.Object({ id: Type.String() }),
  details: (_input, { id }) => ({ made: id }),
});
const use = operation('POST /things/:id', {
  access: 'write',
  resource: { type: 'run', id: ({ id }) => id },
  request: Type.Object({ id: Type.String() }),
  response: Type.Object({}),
});
const makeIn = operation('POST /things/:id/runs', {
  access: 'write',
  resource: { type: 'run', parent: ({ id }) => ({ type: 'experiment', id }), created: ({ run }) => run },
  request: Type.Object({ id: Type.String() }),
  response: Type.Object({ run: Type.String() }),
});

onEachDatabase('an act', (suiteDatabase) => {
  const folder = temporaryFolder();
  const { metrics } = createServer({ logLevel: 'silent', allowedHosts: [] });
  let database: Database<unknown>;
  let store: AuditStore;
  let audit: Audit;
  let owners: Owners;
  /** Whose an experiment, or a run, of an id is. */
  const workspaces = new Map<string, string>();
  let local: Pipeline;
  let remote: Pipeline;
  let identified: () => Promise<Person> = () => Promise.resolve(alice);

  beforeAll(async () => {
    database = openDatabase({ data: folder.path, database: suiteDatabase.url });
    await migrate(database, 'platform', auditSchema);
    store = new AuditStore(database);
    audit = new Audit(store);
    owners = new Owners({ workspaceOf: async ({ id }) => workspaces.get(id) });
    const parts = {
      identify: () => identified(),
      admit: async () => {},
      enter: async ({ type, id, team = '', memberships }: Person) => ({
        memberships,
        type,
        id,
        team,
        roles: memberships.get(team) ?? [],
      }),
      authoriser: new Authoriser(),
      owners,
      audit,
      meter: new Meter(metrics),
      database,
      guards: {},
    };
    local = createPipeline(parts, { sharesDatabase: true });
    remote = createPipeline(parts, { sharesDatabase: false });
  });
  afterAll(async () => {
    await database.close();
    folder.remove();
  });

  const call = (requestId: string, row = change, input: unknown = {}): Call => ({
    name: row === change ? 'makeThing' : 'useThing',
    operation: row,
    input,
    caller: { requestId, ip: '192.0.2.1', authorization: undefined },
  });
  const entries = async (requestId: string) =>
    (await store.list({}, 1000)).filter((entry) => entry.request_id === requestId).reverse();

  it('has one entry, with what was made, also when PostgreSQL makes us repeat the transaction', async () => {
    let attempts = 0;
    const operationOnce = async () => {
      attempts += 1;
      if (suiteDatabase.url !== undefined && attempts < 3)
        throw Object.assign(new Error('could not serialize'), { code: '40001' });
      return { id: '41' };
    };
    await local(call('repeated'), operationOnce);
    expect(await entries('repeated')).toMatchObject([
      {
        outcome: 'succeeded',
        actor: { id: 'alice' },
        resource: { type: 'experiment', id: '41' },
        details: { made: '41' },
      },
    ]);
  });

  it('of a long operation has one entry, written in its own transaction, however often that is repeated', async () => {
    const long = { ...change, effect: 'long' as const };
    let attempts = 0;
    await local({ ...call('long'), operation: long }, () =>
      database.write(async () => {
        await audit.record({ resource: { type: 'experiment', id: '42' } });
        attempts += 1;
        if (suiteDatabase.url !== undefined && attempts < 3)
          throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        return { id: '42' };
      }),
    );
    expect(await entries('long')).toMatchObject([{ outcome: 'succeeded', resource: { id: '42' } }]);
  });

  it('of what lies outside of the database is announced before it begins, and says how what is to be made is called', async () => {
    const announced = { ...change, effect: 'long' as const, announced: true };
    const seen: unknown[] = [];
    await local({ ...call('outside', change, { name: 'payments' }), operation: announced }, async () => {
      seen.push(...(await entries('outside')));
      return { id: '43' };
    });
    expect(seen).toMatchObject([{ outcome: 'attempted', resource: { id: '*' }, details: { name: 'payments' } }]);
    expect((await entries('outside')).map(({ outcome }) => outcome)).toEqual(['attempted', 'succeeded']);
  });

  it('can be written whatever somebody has sent, and is told of', async () => {
    const long = { ...change, effect: 'long' as const };
    const failing = local({ ...call('surrogate'), operation: long }, () =>
      Promise.reject(new PlatformError('INVALID_PARAMETER', "'\ud800' is not a time")),
    );
    await expect(failing).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
    expect(await entries('surrogate')).toMatchObject([{ outcome: 'failed', reason: "'\ufffd' is not a time" }]);
  });

  it('that fails leaves no entry', async () => {
    const failing = local(call('failing'), () => Promise.reject(new PlatformError('CONFLICT', 'no')));
    await expect(failing).rejects.toThrow('no');
    expect(await entries('failing')).toEqual([]);
  });

  it('at another server leaves a trace before it happens, and one of what became of it', async () => {
    let seen: unknown[] = [];
    await remote(call('far'), async () => {
      seen = (await entries('far')).map(({ outcome }) => outcome);
      return { id: '44' };
    });
    expect(seen).toEqual(['attempted']);
    expect((await entries('far')).map(({ outcome }) => outcome)).toEqual(['attempted', 'succeeded']);
    const failing = remote(call('far-failing'), () => Promise.reject(new PlatformError('UPSTREAM_FAILED', 'gone')));
    await expect(failing).rejects.toThrow('gone');
    expect(await entries('far-failing')).toMatchObject([
      { outcome: 'attempted' },
      { outcome: 'failed', reason: 'gone' },
    ]);
  });

  it('of somebody unknown is metered and audited as denied', async () => {
    identified = () => Promise.reject(new PlatformError('UNAUTHENTICATED', 'who are you?'));
    await expect(local(call('unknown'), () => Promise.resolve({ id: '45' }))).rejects.toThrow('who are you?');
    identified = () => Promise.resolve(alice);
    expect(await entries('unknown')).toMatchObject([{ outcome: 'denied', actor: { type: 'unknown' } }]);
    expect(await metrics.metrics()).toContain('team="unknown",operation="makeThing",outcome="denied"} 1');
  });

  it('on another team’s thing, or in it, finds nothing, in the engine’s own words, and changes nothing', async () => {
    workspaces.set('46', 'a');
    await local(call('mine', use as never, { id: '46' }), async (team) => ({ team }));
    identified = () => Promise.resolve(bob);
    const notFound = () => Promise.reject(new PlatformError('NOT_FOUND', 'Run 46 not found'));
    await expect(local(call('foreign', use as never, { id: '46' }), notFound)).rejects.toThrow('Run 46 not found');
    // An engine that looks beyond the team all the same is undone.
    const leaking = local(call('leaking', makeIn as never, { id: '46' }), async () => {
      await audit.record({ resource: { type: 'run', id: 'leaked' } });
      return { run: 'r' };
    });
    await expect(leaking).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const long = { ...use, effect: 'long' as const };
    let begun = false;
    const streaming = local(call('streaming', long as never, { id: '46' }), async () => {
      begun = true;
      return {};
    });
    await expect(streaming).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(begun).toBe(false);
    identified = () => Promise.resolve(alice);
    expect(await entries('foreign')).toEqual([]);
    expect(await entries('leaking')).toEqual([]);
  });

  it('that a role may not do is refused, and the entry says where', async () => {
    identified = () => Promise.resolve(inOneTeam('user', 'vic', 'a', ['viewer']));
    const into = local(call('refused', makeIn as never, { id: '46' }), () => Promise.resolve({ run: 'r' }));
    await expect(into).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    identified = () => Promise.resolve(alice);
    expect(await entries('refused')).toMatchObject([
      { outcome: 'denied', actor: { id: 'vic' }, resource: { type: 'run', id: '*' }, details: { in: 'experiment 46' } },
    ]);
  });

  it('is needed for an entry: one outside of it is an error, not silence', async () => {
    await expect(audit.record()).rejects.toThrow('outside of an act');
  });
});

describe('what a request touches', () => {
  const { setRegisteredModelAlias, getModelVersion, getRun, getExperiment, getExperimentByName, createRun } =
    trackingOperations;
  it.each([
    [setRegisteredModelAlias, { name: 'payments', alias: 'champion' }, 'payments@champion'],
    [getModelVersion, { name: 'payments', version: '3' }, 'payments/3'],
    [getModelVersion, { name: 'payments', version: '003' }, 'payments/3'],
    [getRun, { run_id: 'abc' }, 'abc'],
    [getRun, { run_uuid: 'abc' }, 'abc'],
    [getExperiment, { experiment_id: '7' }, '7'],
    [getExperiment, { experiment_id: '007' }, '7'],
    [artifactOperations.deleteArtifact, { path: '7/abc/artifacts/x' }, '7/abc/artifacts/x'],
  ])('has one id, however it is written: %#', (row, input, id) => {
    expect(namedResource(row, input).id).toBe(id);
  });

  it('lies in something, or is known by its name', () => {
    const model = { type: 'registered-model', id: 'payments' };
    expect(namedResource(setRegisteredModelAlias, { name: 'payments', alias: 'x' }).parent).toEqual(model);
    expect(namedResource(createRun, { experiment_id: '03' }).parent).toEqual({ type: 'experiment', id: '3' });
    expect(namedResource(createRun, {}).parent).toEqual({ type: 'experiment', id: '0' });
    expect(namedResource(getExperimentByName, { experiment_name: 'churn' })).toMatchObject({ name: 'churn' });
  });
});
