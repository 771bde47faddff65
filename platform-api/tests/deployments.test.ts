import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, openDatabase } from '@mlops/database';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploymentSchema } from '../src/deployments/schema.ts';
import { DeploymentStore } from '../src/deployments/store.ts';
import {
  call,
  exampleModel,
  flight,
  golden,
  onEachDatabase,
  startPlatform,
  startWithExample,
  type TestPlatform,
} from './platform.ts';

onEachDatabase('the ledger of periods', (suiteDatabase) => {
  it('does not contradict itself where a process has a clock that is ahead', async () => {
    const folder = temporaryFolder();
    const database = openDatabase<unknown>({ data: folder.path, database: suiteDatabase.url });
    await migrate(database, 'platform', deploymentSchema);
    const store = new DeploymentStore(database);
    const turns = [
      [1, 1000],
      [2, 9000],
      [1, 5000],
      [null, 6000],
      [3, 7000],
    ] as const;
    for (const [revision, time] of turns) await store.turnPeriod('skewed', revision, time);
    expect((await store.periods('skewed')).toReversed()).toEqual([
      { revision: 1, live_from: 1000, live_to: 9000 },
      { revision: 1, live_from: 9000, live_to: 9000 },
      { revision: 2, live_from: 9000, live_to: 9000 },
      { revision: 3, live_from: 9000, live_to: null },
    ]);
    await database.close();
    folder.remove();
  });
});

onEachDatabase('deployments', (database) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startWithExample(database.args);
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  const get = async (path: string) => (await call(platform, 'GET', path)).body;

  it('serve the registered model, by all three protocols, with the same answer', async () => {
    const expected = 0.430_820_047_855_377_2;
    const invoked = await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden);
    expect(invoked).toMatchObject({ status: 200, body: { predictions: [{ probability_late: expected }, {}, {}] } });
    const v1 = await call(platform, 'POST', '/v1/models/flight-delays:predict', { instances: [flight] });
    expect(v1).toMatchObject({ status: 200, body: { predictions: [[expected]] } });
    const inputs = Object.entries(flight).map(([name, value]) => ({
      name,
      datatype: typeof value === 'string' ? 'BYTES' : 'FP32',
      shape: [1],
      data: [value],
    }));
    const v2 = await call(platform, 'POST', '/v2/models/flight-delays/infer', { id: 'mine', inputs });
    expect(v2.body).toMatchObject({
      id: 'mine',
      model_name: 'flight-delays',
      model_version: '1',
      outputs: [{ name: 'probability_late', data: [expected] }],
    });
  });

  it('show what they serve', async () => {
    const deployment = await get('/api/v1/deployments/flight-delays');
    expect(deployment).toMatchObject({
      status: 'ready',
      live_revision: 1,
      revision: { model_name: 'flight-delays', model_version: '1', status: 'ready' },
    });
    expect(deployment.revision.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await get('/api/v1/deployments')).deployments.map((each: { name: string }) => each.name)).toContain(
      'flight-delays',
    );
  });

  it('make a new revision by PUT, return to the old one by rollback, and remember what was live when', async () => {
    const start = new Date().toISOString();
    const updated = await call(platform, 'PUT', '/api/v1/deployments/flight-delays', {
      model: 'models:/flight-delays/1',
      options: { key_column: 'flight' },
    });
    expect(updated).toMatchObject({ status: 200, body: { live_revision: 2, status: 'ready' } });
    const middle = new Date().toISOString();
    expect((await call(platform, 'POST', '/v2/models/flight-delays/versions/1/infer', { inputs: [] })).status).toBe(
      404,
    );
    const back = await call(platform, 'POST', '/api/v1/deployments/flight-delays/rollback', {});
    expect(back).toMatchObject({ status: 200, body: { live_revision: 1, status: 'ready' } });
    expect((await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden)).status).toBe(200);
    expect(await get(`/api/v1/deployments/flight-delays?as_of=${start}`)).toMatchObject({ live_revision: 1 });
    expect(await get(`/api/v1/deployments/flight-delays?as_of=${middle}`)).toMatchObject({ live_revision: 2 });
    const { revisions } = await get('/api/v1/deployments/flight-delays/revisions');
    expect(revisions.map((each: { revision: number }) => each.revision)).toEqual([2, 1]);
  });

  it('answer as if nothing had been before the first deployment', async () => {
    expect((await get('/api/v1/deployments?as_of=2020-01-01T00:00:00Z')).deployments).toEqual([]);
    expect((await call(platform, 'GET', '/api/v1/deployments/flight-delays?as_of=2020-01-01')).status).toBe(404);
    expect((await call(platform, 'GET', '/api/v1/deployments?as_of=yesterday')).body).toMatchObject({
      code: 'INVALID_PARAMETER',
      field: 'as_of',
    });
  });

  it('go on serving when a new revision fails, and say why', async () => {
    await registerFile(platform, 'broken', Buffer.from('this is not ONNX'));
    const failed = await call(platform, 'PUT', '/api/v1/deployments/flight-delays', { model: 'models:/broken/1' });
    expect(failed).toMatchObject({ status: 422, body: { code: 'DEPLOYMENT_FAILED' } });
    expect(failed.body.detail).toMatch(/revision 1 goes on serving/);
    expect((await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden)).status).toBe(200);
    const { revisions } = await get('/api/v1/deployments/flight-delays/revisions');
    expect(revisions[0]).toMatchObject({ status: 'failed', error: expect.stringContaining('cannot') });
    expect((await get('/api/v1/audit?outcome=failed')).entries[0]).toMatchObject({
      action: 'updateDeployment',
      resource: { id: 'flight-delays' },
    });
  });

  it('refuse bytes that are not those that were registered', async () => {
    const { artifact_uri } = await get('/api/2.0/mlflow/model-versions/get-download-uri?name=flight-delays&version=1');
    const path = `${artifact_uri.replace('mlflow-artifacts:/', '/api/2.0/mlflow-artifacts/artifacts/')}/requirements.txt`;
    const original = await (await fetch(platform.url + path)).text();
    await fetch(platform.url + path, { method: 'PUT', body: `${original}\nevil==1.0` });
    await rm(join(platform.data, 'models'), { recursive: true });
    const refused = await call(platform, 'POST', '/api/v1/deployments', {
      name: 'tampered',
      model: 'models:/flight-delays@champion',
    });
    expect(refused).toMatchObject({ status: 409, body: { code: 'DIGEST_MISMATCH' } });
    await fetch(platform.url + path, { method: 'PUT', body: original });
    const created = await call(platform, 'POST', '/api/v1/deployments', {
      name: 'tampered',
      model: 'models:/flight-delays@champion',
    });
    expect(created.status).toBe(201);
  });

  it('of one model are made at once, though none of its files is here', async () => {
    await rm(join(platform.data, 'models'), { recursive: true });
    const names = Array.from({ length: 6 }, (_, i) => `together-${i}`);
    const model = 'models:/flight-delays@champion';
    const answers = await Promise.all(
      names.map((name) => call(platform, 'POST', '/api/v1/deployments', { name, model })),
    );
    expect(answers.map(({ body }) => body.status)).toEqual(names.map(() => 'ready'));
    for (const name of names) await call(platform, 'DELETE', `/api/v1/deployments/${name}`);
  });

  it('are deleted, and stay in the ledger', async () => {
    const before = new Date().toISOString();
    expect((await call(platform, 'DELETE', '/api/v1/deployments/tampered')).status).toBe(200);
    expect((await call(platform, 'GET', '/api/v1/deployments/tampered')).status).toBe(404);
    expect((await call(platform, 'POST', '/v1/models/tampered:predict', { instances: [] })).status).toBe(404);
    expect(
      (await get(`/api/v1/deployments?as_of=${before}`)).deployments.map((each: { name: string }) => each.name),
    ).toContain('tampered');
  });

  it('come back after a restart', async () => {
    await platform.stop();
    platform = await startPlatform(database.args, { path: platform.data, remove: platform.remove });
    expect((await call(platform, 'GET', '/readyz')).status).toBe(200);
    expect((await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden)).status).toBe(200);
  });

  it('do not take a version that is blocked or archived, and say why', async () => {
    const mlflow = (path: string, body: object) =>
      call(platform, 'POST', `/api/2.0/mlflow/model-versions/${path}`, body);
    const version = { name: 'flight-delays', version: '1' };
    const deploy = () =>
      call(platform, 'PUT', '/api/v1/deployments/flight-delays', { model: 'models:/flight-delays/1' });
    await mlflow('set-tag', { ...version, key: 'mlops.blocked', value: 'leaks dep_delay' });
    expect(await deploy()).toMatchObject({
      status: 409,
      body: { code: 'GATE_REFUSED', detail: expect.stringContaining('leaks dep_delay') },
    });
    expect((await get('/api/v1/audit?outcome=denied')).entries[0]).toMatchObject({
      action: 'updateDeployment',
      reason: expect.stringContaining('blocked'),
    });
    await call(platform, 'DELETE', '/api/2.0/mlflow/model-versions/delete-tag', { ...version, key: 'mlops.blocked' });
    await mlflow('transition-stage', { ...version, stage: 'Archived', archive_existing_versions: false });
    expect(await deploy()).toMatchObject({ status: 409, body: { code: 'GATE_REFUSED' } });
    await mlflow('transition-stage', { ...version, stage: 'None', archive_existing_versions: false });
    expect((await deploy()).status).toBe(200);
  });

  it('are limited by the quota', async () => {
    await call(platform, 'PUT', '/api/v1/quotas/deployments', { limit: 1 });
    const refused = await call(platform, 'POST', '/api/v1/deployments', {
      name: 'one-more',
      model: 'models:/flight-delays/1',
    });
    expect(refused).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED', used: 1, requested: 1, limit: 1 } });
    expect((await get('/api/v1/audit?outcome=denied')).entries[0]).toMatchObject({ action: 'createDeployment' });
    expect((await get('/api/v1/quotas')).quotas).toEqual([{ resource: 'deployments', limit: 1, used: 1 }]);
  });
});

describe('what cannot be deployed', () => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startWithExample();
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  const onnx = (bytes: number) => readFileSync(join(exampleModel, 'model.onnx')).subarray(0, bytes);

  it.each([
    ['a truncated model', async () => onnx(100_000)],
    ['a model that is not ONNX', async () => Buffer.from('hello')],
    ['a pickle', async () => Buffer.from('80049500000000000000', 'hex')],
    ['an empty file', async () => Buffer.alloc(0)],
    ['an archive', async () => Buffer.from('504b0304', 'hex')],
  ])('%s is refused with the reason, nothing stays loaded, the process stays up', async (what, content) => {
    const name = what.toLowerCase().replaceAll(' ', '-');
    await registerFile(platform, name, await content());
    const answer = await call(platform, 'POST', '/api/v1/deployments', { name, model: `models:/${name}/1` });
    expect(answer).toMatchObject({ status: 422, body: { code: 'DEPLOYMENT_FAILED' } });
    expect(answer.body.detail.length).toBeGreaterThan(40);
    expect((await call(platform, 'GET', '/v2/models')).body.models).toEqual(['flight-delays']);
    expect((await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden)).status).toBe(200);
  });

  it.each([
    [{ name: 'Upper', model: 'models:/flight-delays/1' }, 400, 'name'],
    [{ name: 'a/b', model: 'models:/flight-delays/1' }, 400, 'name'],
    [{ name: 'x', model: 'flight-delays' }, 400, 'model'],
    [{ name: 'x', model: 'models:/flight-delays/one' }, 400, 'model'],
    [{ name: 'x', model: 5 }, 400, 'model'],
    [{ name: 'x' }, 400, 'model'],
    [{ name: 'x', model: 'models:/flight-delays/1', optoins: {} }, 400, 'optoins'],
    [{ name: 'x', model: 'models:/flight-delays/1', options: { workers: 0 } }, 400, 'options.workers'],
  ])('%j is refused, and the field is named', async (body, status, field) => {
    expect(await call(platform, 'POST', '/api/v1/deployments', body)).toMatchObject({ status, body: { field } });
  });

  it('unknown models, versions, aliases and deployments are 404 or 400', async () => {
    const deploy = (model: string) => call(platform, 'POST', '/api/v1/deployments', { name: 'x', model });
    expect((await deploy('models:/nothing/1')).status).toBe(404);
    expect((await deploy('models:/flight-delays/99')).status).toBe(404);
    expect((await deploy('models:/flight-delays@nobody')).status).toBe(400);
    expect(
      (await call(platform, 'PUT', '/api/v1/deployments/nothing', { model: 'models:/flight-delays/1' })).status,
    ).toBe(404);
    expect((await call(platform, 'DELETE', '/api/v1/deployments/nothing')).status).toBe(404);
    expect(
      (await call(platform, 'POST', '/api/v1/deployments', { name: 'flight-delays', model: 'models:/flight-delays/1' }))
        .status,
    ).toBe(409);
  });
});

/** Registers a model whose only model file has this content. */
async function registerFile(platform: TestPlatform, name: string, content: Buffer): Promise<void> {
  const mlflow = async (path: string, body: object) =>
    (await call(platform, 'POST', `/api/2.0/mlflow/${path}`, body)).body;
  const { model } = await mlflow('logged-models', { experiment_id: '0', name });
  const root = model.info.artifact_uri.replace('mlflow-artifacts:/', '');
  const put = (file: string, body: Buffer | string) =>
    fetch(`${platform.url}/api/2.0/mlflow-artifacts/artifacts/${root}/${file}`, { method: 'PUT', body: body });
  await put('MLmodel', 'flavors:\n  onnx:\n    data: model.onnx\n');
  await put('model.onnx', content);
  await mlflow('registered-models/create', { name });
  await mlflow('model-versions/create', {
    name,
    source: `models:/${model.info.model_id}`,
    model_id: model.info.model_id,
  });
}
