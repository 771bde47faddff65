import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { run } from '@mlops/child-process';
import { temporaryFolder } from '@mlops/testing';
import { expect, it } from 'vitest';
import { call, exampleModel, golden, onEachDatabase, startPlatform } from './platform.ts';

// before-teams.db was made by the program as it was before there were teams: the example deployed, three predictions
// with an actual, an experiment 'churn' with a run, a quota.
const DATABASE = join(import.meta.dirname, 'fixtures/before-teams.db.gz');
const LOGGED_MODEL = 'm-691368f775cc440fb5e3f67841c91e3a';
const RUN = '9160b1f229ba43559841f73ad908b151';

it('a data folder of before there were teams is taken over as it is, and belongs to the team default', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder.path, 'mlops.db'), gunzipSync(readFileSync(DATABASE)));
  const artifacts = join(folder.path, 'artifacts/objects/1/models', LOGGED_MODEL, 'artifacts');
  cpSync(exampleModel, artifacts, { recursive: true });
  const platform = await startPlatform([], folder);
  const get = async (path: string) => (await call(platform, 'GET', path)).body;
  const mlflow = (path: string) => get(`/api/2.0/mlflow/${path}`);

  expect((await mlflow('experiments/get-by-name?experiment_name=churn')).experiment).toMatchObject({
    experiment_id: '2',
    tags: [{ key: 'owner', value: 'anna' }],
  });
  const { run } = await mlflow(`runs/get?run_id=${RUN}`);
  expect(run.data).toMatchObject({ metrics: [{ key: 'auc', value: 0.75 }], params: [{ key: 'depth', value: '3' }] });
  const alias = await mlflow('registered-models/alias?name=flight-delays&alias=champion');
  expect(alias.model_version).toMatchObject({ name: 'flight-delays', version: '1', status: 'READY' });
  expect(await get('/api/v1/deployments/flight-delays')).toMatchObject({ team: 'default', status: 'ready' });
  expect((await get('/api/v1/deployments/flight-delays/predictions')).predictions).toHaveLength(3);
  expect((await get('/api/v1/quotas')).quotas).toMatchObject([{ limit: 7, used: 1 }]);
  expect((await get('/api/v1/teams')).teams).toMatchObject([{ name: 'default' }]);
  const answer = await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden);
  expect(answer.status).toBe(200);

  // What is made from now on stands beside it.
  await call(platform, 'POST', '/api/v1/teams', { name: 'fraud' });
  const made = await call(platform, 'POST', '/teams/fraud/api/2.0/mlflow/experiments/create', { name: 'churn' });
  expect(made.status).toBe(200);
  expect((await mlflow('experiments/get-by-name?experiment_name=churn')).experiment.experiment_id).toBe('2');
  expect((await call(platform, 'GET', `/teams/fraud/api/2.0/mlflow/runs/get?run_id=${RUN}`)).status).toBe(404);
  await platform.stop();
  folder.remove();
});

const program = join(import.meta.dirname, '../src/migrate.ts');

onEachDatabase('a release in a cluster', (database) => {
  it('starts only on a database that its migration has brought up to date', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const args = [...database.args, '--no-migrate', '--identity', 'local'];
    await expect(startPlatform(args, folder)).rejects.toThrow(/tables of tracking lack 0001_runs, .*migrate\.ts first/);
    const migrated = temporaryFolder();
    for (const time of ['first', 'second']) {
      const flags = ['--data', migrated.path, ...database.args, '--no-migrate'];
      const { code, stdout, stderr } = await run(process.execPath, [program, ...flags]);
      expect([time, code, stdout, stderr]).toEqual([time, 0, 'The database is up to date\n', '']);
    }
    const platform = await startPlatform(args, migrated);
    expect((await call(platform, 'GET', '/api/v1/teams')).body.teams).toMatchObject([{ name: 'default' }]);
    await platform.stop();
    for (const one of [folder, migrated]) one.remove();
  });
});
