import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { startProgram, temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const MAIN = join(import.meta.dirname, '../src/main.ts');
const DEPLOYMENT = '/api/v1/deployments/flight-delays';

/** The program's exit code and what it says, where it does not start. */
function start(...args: string[]) {
  const { status, stderr } = spawnSync(process.execPath, [MAIN, '--port', '0', '--empty', ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stderr };
}

describe('a data folder', () => {
  it('that another instance has open is refused, and nothing of the first one is touched', async () => {
    const folder = temporaryFolder();
    const first = await startProgram(MAIN, ['--port', '0', '--empty', '--data', folder.path]);
    const second = start('--data', folder.path);
    expect(second.status).toBe(1);
    expect(second.stderr).toBe(
      `data: ${folder.path} is in use by another program (process ${first.pid}). Stop that one first, or choose another folder with --data.\n`,
    );
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await first.stop();
    const third = await startProgram(MAIN, ['--port', '0', '--empty', '--data', folder.path]);
    await third.stop();
    folder.remove();
  });

  it.each(['mlops.db', 'lock'])('whose %s is damaged is refused in one line', (name) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder.path, name), 'this is not what it should be '.repeat(500));
    const { status, stderr } = start('--data', folder.path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^[^\n]*(damaged|cannot be used)[^\n]*\n$/);
    folder.remove();
  });

  it.each(['/etc/passwd', '/proc/none'])('that cannot be one (%s) is refused in one line', (path) => {
    const { status, stderr } = start('--data', path);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^data: [^\n]*cannot be used as the data folder[^\n]*\n$/);
  });
});

describe('a client that sends its body slowly', () => {
  it('does not keep the program from ending', async () => {
    const folder = temporaryFolder();
    const platform = await startProgram(MAIN, ['--port', '0', '--empty', '--data', folder.path]);
    const socket = connect(Number(new URL(platform.url).port), '127.0.0.1');
    socket.on('error', () => {});
    const head = 'Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n';
    socket.write(`POST /api/2.0/mlflow/runs/create HTTP/1.1\r\n${head}\r\n`);
    const drip = setInterval(() => socket.write(' '), 100);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ended = new Promise((resolve) => platform.child.once('exit', resolve));
    platform.child.kill('SIGTERM');
    // 0: it has ended in order, not by the limit of 30 seconds.
    expect(await ended).toBe(0);
    clearInterval(drip);
    socket.destroy();
    folder.remove();
  });

  it('or breaks off an upload is no failure of the server', async () => {
    const folder = temporaryFolder();
    const platform = await startProgram(MAIN, [
      '--port',
      '0',
      '--empty',
      '--data',
      folder.path,
      '--log-level',
      'error',
    ]);
    let said = '';
    platform.child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    for (let i = 0; i < 60; i++) {
      const socket = connect(Number(new URL(platform.url).port), '127.0.0.1');
      socket.on('error', () => {});
      const head = 'Host: localhost\r\nContent-Length: 1000000\r\n';
      socket.write(`PUT /api/2.0/mlflow-artifacts/artifacts/0/x/${i} HTTP/1.1\r\n${head}\r\n${'x'.repeat(1000)}`);
      await new Promise((resolve) => setTimeout(resolve, i % 12));
      socket.destroy();
    }
    await expect.poll(() => readdirSync(join(folder.path, 'artifacts/incoming'))).toEqual([]);
    expect((await fetch(`${platform.url}/readyz`)).status).toBe(200);
    await platform.stop();
    expect(said).toBe('');
    folder.remove();
  });
});

onEachDatabase('a model that is served', (database) => {
  let platform: TestPlatform;
  beforeAll(async () => {
    platform = await startWithExample(database.args);
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });
  const mlflow = (method: string, path: string, body: object) =>
    call(platform, method, `/api/2.0/mlflow/${path}`, body);
  const version = { name: 'flight-delays', version: '1' };
  const live = async () => (await call(platform, 'GET', DEPLOYMENT)).body.live_revision as number;

  it('cannot be deleted or renamed in the registry, however its version is written', async () => {
    const refusals = [
      await mlflow('DELETE', 'model-versions/delete', version),
      await mlflow('DELETE', 'model-versions/delete', { ...version, version: '01' }),
      await mlflow('DELETE', 'registered-models/delete', { name: 'flight-delays' }),
      await mlflow('POST', 'registered-models/rename', { name: 'flight-delays', new_name: 'other' }),
    ];
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ status: 409, body: { error_code: 'RESOURCE_CONFLICT' } });
      expect(refusal.body.message).toContain("is served by the deployment 'flight-delays'");
    }
  });

  it('is rolled back further by each roll-back, never forth again', async () => {
    for (let i = 0; i < 3; i++) await call(platform, 'PUT', DEPLOYMENT, { model: 'models:/flight-delays/1' });
    const seen = [await live()];
    for (let i = 0; i < 2; i++) {
      await call(platform, 'POST', `${DEPLOYMENT}/rollback`, {});
      seen.push(await live());
    }
    expect(seen).toEqual([4, 3, 2]);
    expect((await call(platform, 'POST', `${DEPLOYMENT}/rollback`, { revision: 4 })).status).toBe(200);
  });

  it('is judged by the gates also when it comes back by a roll-back', async () => {
    const tag = { ...version, key: 'mlops.blocked', value: 'biased' };
    await mlflow('POST', 'model-versions/set-tag', tag);
    const refused = await call(platform, 'POST', `${DEPLOYMENT}/rollback`, {});
    expect(refused).toMatchObject({ status: 409, body: { code: 'GATE_REFUSED' } });
    expect(refused.body.detail).toContain('biased');
    const { entries } = (await call(platform, 'GET', '/api/v1/audit?action=rollbackDeployment&limit=1')).body;
    expect(entries).toMatchObject([{ outcome: 'denied', resource: { id: 'flight-delays' } }]);
    await mlflow('DELETE', 'model-versions/delete-tag', tag);
    expect(await live()).toBe(4);
  });

  it('answers 503 with the reason while no revision has become ready, and does not use up the quota', async () => {
    await call(platform, 'PUT', '/api/v1/quotas/deployments', { limit: 2 });
    const wrong = { model: 'models:/flight-delays/1', options: { key_column: 'carrier' } };
    for (const name of ['broken-1', 'broken-2', 'broken-3'])
      expect((await call(platform, 'POST', '/api/v1/deployments', { name, ...wrong })).status).toBe(422);
    const asked = await call(platform, 'POST', '/v2/models/broken-1/infer', { inputs: [] });
    expect(asked.status).toBe(503);
    expect(asked.body.error).toContain('carrier');
    expect((await call(platform, 'GET', '/api/v1/deployments/broken-1')).body.status).toBe('failed');

    const right = { model: 'models:/flight-delays/1', options: { key_column: 'flight' } };
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((name) => call(platform, 'POST', '/api/v1/deployments', { name, ...right })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 429, 429]);
    const used = (await call(platform, 'GET', '/api/v1/quotas')).body.quotas;
    expect(used).toMatchObject([{ resource: 'deployments', limit: 2, used: 2 }]);
    await call(platform, 'PUT', '/api/v1/quotas/deployments', { limit: 50 });
  });

  it('logs what it was asked also where it refused, and takes no truth about what it was never asked', async () => {
    const odd = { flight: 'odd-1', carrier: flight.carrier };
    const asked = await call(platform, 'POST', `${DEPLOYMENT}/invocations`, { dataframe_records: [odd] });
    expect(asked.status).toBe(400);
    const { predictions } = (await call(platform, 'GET', `${DEPLOYMENT}/predictions?status=400`)).body;
    expect(predictions[0]).toMatchObject({ revision: 4, model_version: '1' });

    const actuals = [
      { prediction_id: 'never-asked', value: 1 },
      { key: 'odd-1', value: 1 },
    ];
    const attached = await call(platform, 'POST', `${DEPLOYMENT}/actuals`, { actuals });
    expect(attached.body).toEqual({ accepted: 1, unknown: ['never-asked'] });
  });

  it('is brought here once for several deployments at once', async () => {
    const model = { model: 'models:/flight-delays/1', options: { key_column: 'flight' } };
    const names = ['at-once-1', 'at-once-2', 'at-once-3', 'at-once-4', 'at-once-5', 'at-once-6'];
    await rm(join(platform.data, 'models'), { recursive: true });
    const made = await Promise.all(
      names.map((name) => call(platform, 'POST', '/api/v1/deployments', { name, ...model })),
    );
    expect(made.map(({ status }) => status)).toEqual(names.map(() => 201));
    for (const name of names) await call(platform, 'DELETE', `/api/v1/deployments/${name}`);
  });

  it('has artifacts of one name each, in the audit log and for policies, however a path is written', async () => {
    const artifacts = '/api/2.0/mlflow-artifacts/artifacts';
    for (const path of ['%2530/odd.txt', '0%252Fodd.txt', '0//odd.txt']) {
      await call(platform, 'PUT', `${artifacts}/0/odd.txt`, {});
      expect((await call(platform, 'DELETE', `${artifacts}/${path}`)).status).toBe(200);
    }
    const { entries } = (await call(platform, 'GET', '/api/v1/audit?action=deleteArtifact&limit=3')).body;
    expect(entries.map(({ resource }: { resource: { id: string } }) => resource.id)).toEqual(
      Array(3).fill('0/odd.txt'),
    );
  });

  it('leaves no files behind that no deployment needs', async () => {
    mkdirSync(join(platform.data, 'models/incoming-abandoned'));
    mkdirSync(join(platform.data, 'models/sha256-of-a-deleted-deployment'));
    await platform.stop();
    platform = await startPlatform(database.args, { path: platform.data, remove: platform.remove });
    expect(await readdir(join(platform.data, 'models'))).toHaveLength(1);
    expect((await call(platform, 'GET', '/readyz')).status).toBe(200);
  });

  it('is told as failed, with 503, where its bytes are damaged everywhere', async () => {
    const query = 'name=flight-delays&version=1';
    const { body } = await call(platform, 'GET', `/api/2.0/mlflow/model-versions/get-download-uri?${query}`);
    const folder = join(platform.data, 'artifacts/objects', body.artifact_uri.replace(/^mlflow-artifacts:\/*/, ''));
    writeFileSync(join(folder, 'requirements.txt'), 'evil==1.0');
    await platform.stop();
    await rm(join(platform.data, 'models'), { recursive: true });
    platform = await startPlatform(database.args, { path: platform.data, remove: platform.remove });
    const ready = await call(platform, 'GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.body.failed['flight-delays']).toContain('not those that were registered');
    expect((await call(platform, 'GET', '/readyz?without=deployments')).status).toBe(200);
    expect((await call(platform, 'GET', DEPLOYMENT)).body).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('not those that were registered'),
    });
    const asked = await call(platform, 'POST', `${DEPLOYMENT}/invocations`, golden);
    expect(asked).toMatchObject({ status: 503, body: { error_code: 'TEMPORARILY_UNAVAILABLE' } });
  });
});

describe('a model that was registered as a single file', () => {
  it('is deployed', async () => {
    const platform = await startPlatform();
    const post = (path: string, body: object) => call(platform, 'POST', `/api/2.0/mlflow/${path}`, body);
    const { run } = (await post('runs/create', { experiment_id: '0' })).body;
    const onnx = join(exampleModel, 'model.onnx');
    const path = `0/${run.info.run_id}/artifacts/model.onnx`;
    await fetch(`${platform.url}/api/2.0/mlflow-artifacts/artifacts/${path}`, {
      method: 'PUT',
      body: readFileSync(onnx),
    });
    await post('registered-models/create', { name: 'si@ngle' });
    const source = `${run.info.artifact_uri}/model.onnx`;
    expect((await post('model-versions/create', { name: 'si@ngle', source, run_id: run.info.run_id })).status).toBe(
      200,
    );
    const deployed = await call(platform, 'POST', '/api/v1/deployments', {
      name: 'single',
      model: 'models:/si@ngle/1',
    });
    expect(deployed).toMatchObject({ status: 201, body: { status: 'ready' } });
    await platform.stop();
    platform.remove();
  });
});
