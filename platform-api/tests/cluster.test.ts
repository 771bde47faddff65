import { verifyLines } from '@mlops/audit-chain';
import { type Started, startMlflow, startPostgres, suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { call, golden, startPlatform, startWithExample, type TestPlatform } from './platform.ts';

const deployment = '/api/v1/deployments/flight-delays';
const until = { timeout: 15_000, interval: 100 };

// As in a cluster: a real MLflow server keeps runs and models, one PostgreSQL what the platform decides.
suite('two replicas beside a real MLflow server', { needs: ['postgres', 'mlops-python'] }, () => {
  let postgres: Started;
  let mlflow: Started;
  let first: TestPlatform;
  let second: TestPlatform;
  let mlflowRuns = true;

  beforeAll(async () => {
    [postgres, mlflow] = await Promise.all([startPostgres(), startMlflow()]);
    const args = ['--database', postgres.url, '--tracking-url', mlflow.url];
    first = await startWithExample(args);
    second = await startPlatform(args);
  });
  afterAll(async () => {
    for (const platform of [first, second]) {
      await platform.stop();
      platform.remove();
    }
    if (mlflowRuns) await mlflow.stop();
    await postgres.stop();
  });

  const predict = (platform: TestPlatform) => call(platform, 'POST', `${deployment}/invocations`, golden);

  it('give the same answer, from the files that MLflow keeps', async () => {
    const version = await fetch(`${mlflow.url}/api/2.0/mlflow/model-versions/get?name=flight-delays&version=1`);
    expect(await version.json()).toMatchObject({ model_version: { name: 'flight-delays', status: 'READY' } });
    const one = await predict(first);
    expect(one).toMatchObject({
      status: 200,
      body: { predictions: [{ probability_late: 0.430_820_047_855_377_2 }, {}, {}] },
    });
    expect(await predict(second)).toEqual(one);
  });

  it('follow each other', async () => {
    expect(await call(second, 'PUT', deployment, { model: 'models:/flight-delays/1' })).toMatchObject({ status: 200 });
    await vi.waitFor(async () => {
      const { body } = await call(first, 'GET', deployment);
      expect(body).toMatchObject({ live_revision: 2, revision: { status: 'ready' } });
    }, until);
    expect((await call(first, 'POST', `${deployment}/rollback`, {})).status).toBe(200);
    await vi.waitFor(async () => expect((await call(second, 'GET', deployment)).body.live_revision).toBe(1), until);
    expect((await predict(second)).status).toBe(200);
  });

  it('decide one after another: of two changes at once, each is made or refused, and both agree in the end', async () => {
    const change = (platform: TestPlatform) => call(platform, 'PUT', deployment, { model: 'models:/flight-delays/1' });
    const answers = (await Promise.all([1, 2, 3].flatMap(() => [change(first), change(second)]))).map(
      ({ status }) => status,
    );
    expect(answers).toContain(200);
    expect(answers.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const { revisions } = (await call(first, 'GET', `${deployment}/revisions`)).body;
    expect(revisions).toHaveLength(2 + answers.filter((status) => status === 200).length);
    const { live_revision } = (await call(first, 'GET', deployment)).body;
    expect(live_revision).toBe(revisions[0].revision);
    await vi.waitFor(async () => {
      for (const platform of [first, second]) {
        expect((await predict(platform)).status).toBe(200);
        const [newest] = (await call(platform, 'GET', `${deployment}/predictions?limit=1`)).body.predictions;
        expect(newest.revision).toBe(live_revision);
      }
    }, until);
  });

  it('write one audit chain, whoever decides', async () => {
    const create = (platform: TestPlatform, name: string) =>
      call(platform, 'POST', '/api/2.0/mlflow/experiments/create', { name });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => create(i % 2 === 0 ? first : second, `chained-${i}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const exported = (await (await fetch(`${second.url}/api/v1/audit/export`)).text()).trim().split('\n');
    const entries = exported.map((line) => JSON.parse(line) as { action: string; outcome: string; request_id: string });
    const actions = entries.map(({ action }) => action);
    // What happens at another server leaves a trace before it happens, and one of what became of it.
    const ofCreation = Map.groupBy(
      entries.filter(({ action }) => action === 'createExperiment'),
      ({ request_id }) => request_id,
    );
    expect(ofCreation.size).toBe(21);
    for (const traces of ofCreation.values())
      expect(traces.map(({ outcome }) => outcome)).toEqual(['attempted', 'succeeded']);
    expect(actions).toEqual(expect.arrayContaining(['createDeployment', 'updateDeployment', 'rollbackDeployment']));
    expect(await verifyLines(exported)).toMatchObject({ ok: true, entries: exported.length });
  });

  it('pass on what MLflow refuses', async () => {
    const refused = await call(first, 'GET', '/api/2.0/mlflow/experiments/get?experiment_id=4711');
    expect(refused).toMatchObject({ status: 404, body: { error_code: 'RESOURCE_DOES_NOT_EXIST' } });
  });

  it('go on serving while MLflow is away, and say that it is', async () => {
    await mlflow.stop();
    mlflowRuns = false;
    expect((await predict(first)).status).toBe(200);
    const answer = await call(first, 'GET', '/api/2.0/mlflow/experiments/get?experiment_id=0');
    expect(answer.status).toBe(502);
    expect(answer.body.message).toContain('cannot be reached');
    const refused = await call(first, 'PUT', deployment, { model: 'models:/flight-delays/1' });
    expect(refused.status).toBe(502);
    expect((await predict(first)).status).toBe(200);
  });
});
