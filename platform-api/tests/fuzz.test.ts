import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type HostileRequest, HostileRequests, type Known } from './hostile-requests.ts';
import { call, golden, onEachDatabase, startWithExample, type TestPlatform } from './platform.ts';

// MLOPS_FUZZ_REQUESTS and MLOPS_FUZZ_SEED ask for more requests, or for those of another seed.

const REQUESTS = Number(process.env.MLOPS_FUZZ_REQUESTS ?? 4000);
const SEED = Number(process.env.MLOPS_FUZZ_SEED ?? 20260101);
const AT_ONCE = 8;
const ANSWER_MILLISECONDS_MAX = 30_000;
const SHOWN_MAX = 20;
/** What an operation may answer of its own accord: not offered, not ready, too slow, no space. */
const DOCUMENTED = new Set([501, 503, 504, 507]);

const FEATURES = `entities: [{name: id, type: int64}]
sources: [{name: history, type: file, path: fuzz}, {name: fuzz, type: push, batch_source: history}]
feature_views: [{name: fuzz, entities: [id], source: fuzz, features: [{name: n, type: int64}, {name: words, type: string_list}]}]
feature_services: [{name: fuzz, features: [{view: fuzz}]}]`;
const ROW = { id: [1], n: [2], words: [['a']], event_timestamp: ['2026-01-01T00:00:00Z'] };
const ofFeatures: Known = {
  entities: [{ id: [1] }, { id: [1], event_timestamp: ['2026-01-02T00:00:00Z'] }, { id: [1, 'x', null] }, { id: [[]] }],
  df: [ROW, { ...ROW, n: ['x'] }, { ...ROW, id: [1, 2] }, { ...ROW, words: [null] }, { ...ROW, n: [2 ** 70] }],
  features: [['fuzz:n'], ['fuzz:words', 'fuzz:n'], ['fuzz:none'], 'fuzz:n'],
  feature_service: ['fuzz'],
  service: ['fuzz'],
  push_source_name: ['fuzz'],
  feature_view_name: ['fuzz'],
  feature_views: [['fuzz']],
  views: [['fuzz']],
  view: ['fuzz'],
  to: ['online', 'offline', 'online_and_offline'],
  start_ts: ['2026-01-01'],
  end_ts: ['2026-02-01', '2025-01-01'],
  entity_key: [{ id: 1 }, { id: 'x' }, {}],
};

onEachDatabase(`${REQUESTS} hostile requests of seed ${SEED}`, (database) => {
  let platform: TestPlatform;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  beforeAll(async () => {
    platform = await startWithExample(database.args);
  });
  afterAll(async () => {
    agent.destroy();
    await platform.stop();
    platform.remove();
  });

  it('are answered, and never by a failure of the platform', { timeout: 600_000 }, async () => {
    const requests = new HostileRequests(SEED, await prepare());
    const failures: string[] = [];
    let sent = 0;
    let succeeded = 0;
    const worker = async () => {
      while (sent < REQUESTS) {
        const number = sent++;
        const hostile = requests.next();
        const answer = await send(hostile).catch((error: Error) => ({ status: 0, text: error.message }));
        const { status, text } = answer;
        if (status >= 200 && status < 300) succeeded += 1;
        if (status >= 100 && (status < 500 || DOCUMENTED.has(status))) continue;
        failures.push(`#${number} ${status} ${shown(hostile)}\n    → ${text.slice(0, 300)}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const hint = `MLOPS_FUZZ_SEED=${SEED} MLOPS_FUZZ_REQUESTS=${REQUESTS}`;
    // Else all of them would have ended at the first check.
    expect(succeeded, 'requests that succeeded').toBeGreaterThan(REQUESTS / 10);
    expect(failures.length, `${hint}\n${failures.slice(0, SHOWN_MAX).join('\n')}`).toBe(0);
  });

  it('leave a platform that answers as before', async () => {
    expect((await call(platform, 'GET', '/readyz')).status).toBe(200);
    const path = '/api/v1/deployments/flight-delays/invocations';
    expect(await call(platform, 'POST', path, golden)).toMatchObject({ status: 200 });
    expect((await call(platform, 'GET', '/api/v1/audit?limit=1')).status).toBe(200);
    // The requests may have deleted any experiment that was there.
    const experiment = await call(platform, 'POST', '/api/2.0/mlflow/experiments/create', { name: 'after' });
    const created = await call(platform, 'POST', '/api/2.0/mlflow/runs/create', experiment.body);
    expect(created.status).toBe(200);
  });

  /** Things that requests may name, destroy and change; the example's own deployment and model are not among them. */
  async function prepare(): Promise<Known> {
    const mlflow = async (path: string, body: object) =>
      (await call(platform, 'POST', `/api/2.0/mlflow/${path}`, body)).body;
    const { experiment_id } = await mlflow('experiments/create', { name: 'fuzz' });
    const run = async () =>
      (await mlflow('runs/create', { experiment_id, run_name: 'fuzz' })).run.info.run_id as string;
    const runs = [await run(), await run(), await run()];
    await mlflow('registered-models/create', { name: 'fuzz-model' });
    for (const run_id of runs) {
      await mlflow('model-versions/create', { name: 'fuzz-model', source: `runs:/${run_id}/model`, run_id });
    }
    const { model } = await mlflow('logged-models', { experiment_id, name: 'fuzz' });
    const { body } = await call(platform, 'GET', '/api/v1/deployments/flight-delays/predictions?limit=5');
    const ids = (body.predictions as { id: string }[]).map((each) => each.id);
    await call(platform, 'POST', '/api/v1/features/apply', { files: [{ name: 'fuzz.yaml', text: FEATURES }] });
    return {
      run_id: runs,
      ...ofFeatures,
      run_uuid: runs,
      experiment_id: [experiment_id, '0'],
      experiment_ids: [experiment_id],
      name: ['fuzz-model', 'fuzz'],
      version: ['1', '2', '3'],
      model_id: [model.info.model_id],
      source: [`runs:/${runs[0]}/model`, `models:/${model.info.model_id}`],
      alias: ['champion'],
      key: ['a', 'b', 'acc'],
      metric_key: ['acc'],
      id: ids,
      prediction_id: ids,
      resource: ['deployments'],
      stage: ['Staging', 'archived'],
    };
  }

  function send(hostile: HostileRequest, isNew = false): Promise<{ status: number; text: string }> {
    const { method, path, headers, body } = hostile;
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(platform.url);
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const options = {
        hostname,
        port,
        agent: isNew ? false : agent,
        method,
        path,
        headers: { ...headers, ...length },
      };
      const sent = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          if (text.length < 1000) text += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text })).on('error', reject);
      });
      sent.setTimeout(ANSWER_MILLISECONDS_MAX, () => sent.destroy(new Error('no answer in time')));
      // The server may have closed a connection that was kept; on a new one it must answer.
      sent
        .on('error', (error) => (sent.reusedSocket && !isNew ? resolve(send(hostile, true)) : reject(error)))
        .end(body);
    });
  }
});

function shown({ method, path, headers, body }: HostileRequest): string {
  const text = body === undefined ? '' : body.toString().slice(0, 1000);
  return `${method} ${path.slice(0, 1000)} ${JSON.stringify(headers)}\n    ${text}`;
}
