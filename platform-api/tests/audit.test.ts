import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLines } from '@mlops/audit-chain';
import { type Database, openPostgres, openSqlite } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, onEachDatabase, startPlatform, startWithExample, type TestPlatform } from './platform.ts';

onEachDatabase('the audit log', (suiteDatabase) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startWithExample(suiteDatabase.args);
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  const lines = async () => (await (await fetch(`${platform.url}/api/v1/audit/export`)).text()).trim().split('\n');

  it('has every step from the model to the deployment, of every protocol, in a verified chain', async () => {
    const entries = (await lines()).map((line) => JSON.parse(line) as { action: string });
    expect(entries.map((entry) => entry.action)).toEqual([
      'createExperiment',
      'createRun',
      'createLoggedModel',
      'finalizeLoggedModel',
      'updateRun',
      'createRegisteredModel',
      'createModelVersion',
      'setRegisteredModelAlias',
      'createDeployment',
    ]);
    expect(await verifyLines(await lines())).toMatchObject({ ok: true, entries: 9 });
  });

  it('is written with the change or not at all', async () => {
    const before = (await lines()).length;
    const refused = await call(platform, 'POST', '/api/2.0/mlflow/registered-models/create', { name: 'flight-delays' });
    expect(refused.status).toBe(400);
    expect(await lines()).toHaveLength(before);
  });

  it('keeps its chain under many writers', async () => {
    const before = (await lines()).length;
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        call(platform, 'POST', '/api/2.0/mlflow/experiments/create', { name: `parallel-${i}` }),
      ),
    );
    expect(await verifyLines(await lines())).toMatchObject({ ok: true, entries: before + 30 });
  });

  it('does not record what only reads, or the data of training', async () => {
    const before = (await lines()).length;
    const { run } = (await call(platform, 'POST', '/api/2.0/mlflow/runs/create', { experiment_id: '0' })).body;
    await call(platform, 'POST', '/api/2.0/mlflow/runs/log-metric', {
      run_id: run.info.run_id,
      key: 'm',
      value: 1,
      timestamp: 1,
    });
    await call(platform, 'GET', `/api/2.0/mlflow/runs/get?run_id=${run.info.run_id}`);
    expect(await lines()).toHaveLength(before + 1);
  });

  it('lists by action and in pages', async () => {
    const first = await call(platform, 'GET', '/api/v1/audit?action=createExperiment&limit=10');
    expect(first.body.entries).toHaveLength(10);
    const second = await call(
      platform,
      'GET',
      `/api/v1/audit?action=createExperiment&limit=10&page_token=${first.body.next_page_token}`,
    );
    expect(second.body.entries[0].sequence).toBeLessThan(first.body.entries[9].sequence);
    expect((await call(platform, 'GET', '/api/v1/audit?page_token=x')).body.field).toBe('page_token');
    expect((await call(platform, 'GET', '/api/v1/audit?actoin=x')).body.field).toBe('actoin');
  });

  it('cannot be changed in its own database', async () => {
    const database: Database<{ audit_entries: { entry: string } }> =
      suiteDatabase.url === undefined ? openSqlite(platform.data) : openPostgres(suiteDatabase.url);
    const statements = [
      [sql`update audit_entries set entry = '{}' where sequence = 1`, 'cannot be changed'],
      [sql`delete from audit_entries`, 'cannot be removed'],
      ...(database.dialect === 'sqlite'
        ? [
            [
              sql`insert or replace into audit_entries select * from audit_entries where sequence = 1`,
              'cannot be replaced',
            ] as const,
          ]
        : []),
      ...(database.dialect === 'postgres' ? [[sql`truncate audit_entries`, 'cannot be removed'] as const] : []),
    ] as const;
    for (const [statement, refusal] of statements)
      await expect(database.write((tx) => statement.execute(tx))).rejects.toThrow(refusal);
    await database.close();
  });
});

onEachDatabase('policies', (suiteDatabase) => {
  it('of the user are added: an alias may be set, but not @champion', async () => {
    const folder = temporaryFolder();
    const policies = join(folder.path, 'policies');
    mkdirSync(policies);
    writeFileSync(
      join(policies, 'champion.cedar'),
      'forbid (principal, action, resource is RegisteredModelAlias) when { resource.alias == "champion" };',
    );
    const platform = await startPlatform(['--policies', policies, ...suiteDatabase.args]);
    const post = (path: string, body: object) => call(platform, 'POST', `/api/2.0/mlflow/${path}`, body);
    await post('registered-models/create', { name: 'm' });
    await post('model-versions/create', { name: 'm', source: 's3://bucket/model' });
    expect((await post('registered-models/alias', { name: 'm', alias: 'candidate', version: '1' })).status).toBe(200);
    const denied = await post('registered-models/alias', { name: 'm', alias: 'champion', version: '1' });
    expect(denied).toMatchObject({ status: 403, body: { error_code: 'PERMISSION_DENIED' } });
    const { entries } = (await call(platform, 'GET', '/api/v1/audit?outcome=denied')).body;
    expect(entries).toMatchObject([
      {
        action: 'setRegisteredModelAlias',
        resource: { type: 'registered-model-alias', id: 'm@champion' },
        reason: expect.stringContaining('may not'),
      },
    ]);
    await platform.stop();
    platform.remove();
    folder.remove();
  });
});

describe('policy files', () => {
  it.each(['permit (', 'permit (principal, action == Action::"fly", resource);'])(
    'that are wrong are refused at start: %s',
    async (text) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder.path, 'wrong.cedar'), text);
      await expect(startPlatform(['--policies', folder.path])).rejects.toThrow(
        /wrong\.cedar is not a valid policy file/,
      );
      folder.remove();
    },
  );
});
