// How long the largest bodies that the platform takes keep other requests waiting:
//   node scripts/run.mjs bench/largest.ts
// The server says how late its event loop was at the worst (nodejs_eventloop_lag_max_seconds); a client of this process
// would measure its own sending. `engines/inference/bench/largest.ts` does the same for the forms of a prediction.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startOurs } from './servers.ts';

const FIXTURES = join(import.meta.dirname, '../engines/inference/tests/fixtures');
const MEGABYTE = 1024 * 1024;
const COLUMNS = 240;
const platform = await startOurs('platform-api/src/main.ts', ['--empty']);
let worst = 0;

async function send(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>, type = 'application/json') {
  const init = body === undefined ? { method } : { method, body, headers: { 'content-type': type } };
  const answer = await fetch(platform.url + path, init);
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function mlflow<T>(path: string, body: object): Promise<T> {
  const { status, bytes } = await send('POST', `/api/2.0/mlflow/${path}`, JSON.stringify(body));
  if (status !== 200) throw new Error(`${path}: ${status} ${bytes}`);
  return JSON.parse(bytes.toString()) as T;
}

async function deploy(name: string, run: { run_id: string; artifact_uri: string }): Promise<void> {
  const file = readFileSync(join(FIXTURES, `${name}.onnx`));
  await send('PUT', `/api/2.0/mlflow-artifacts/artifacts/0/${run.run_id}/artifacts/${name}.onnx`, new Uint8Array(file));
  await mlflow('registered-models/create', { name });
  await mlflow('model-versions/create', { name, source: `${run.artifact_uri}/${name}.onnx`, run_id: run.run_id });
  const { status, bytes } = await send(
    'POST',
    '/api/v1/deployments',
    JSON.stringify({ name, model: `models:/${name}/1` }),
  );
  if (status !== 201) throw new Error(`deploying ${name}: ${status} ${bytes}`);
}

/** Sends it, waits until the log has what was asked, and says how late the server was meanwhile. */
async function measure(what: string, method: string, path: string, body?: string, type?: string): Promise<Buffer> {
  await worstLag();
  const started = performance.now();
  const { status, bytes } = await send(method, path, body, type);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  while (/^mlops_predictions_queued [1-9]/m.test((await metrics()).text))
    await new Promise((next) => setTimeout(next, 50));
  const size = ((body?.length ?? 0) / 1e6).toFixed(0).padStart(3);
  const shown = status < 400 ? `${(bytes.length / 1e6).toFixed(1)} MB` : bytes.toString('utf8', 0, 100);
  const lag = Math.max(worst, await worstLag());
  console.log(
    `${what.padEnd(44)} ${size} MB  ${status}  ${seconds.padStart(5)} s  late by ${lag.toFixed(0).padStart(4)} ms at most  ${shown}`,
  );
  return bytes;
}

/** Each asking begins a new measurement. */
async function metrics(): Promise<{ text: string }> {
  const { bytes } = await send('GET', '/metrics');
  const text = bytes.toString();
  worst = Math.max(worst, Number(/^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(text)?.[1]) * 1000);
  return { text };
}

/** Milliseconds since it was asked before. */
async function worstLag(): Promise<number> {
  worst = 0;
  await metrics();
  const lag = worst;
  worst = 0;
  return lag;
}

const list = (value: string, count: number) => Array<string>(count).fill(value).join(',');
const { run } = await mlflow<{ run: { info: { run_id: string; artifact_uri: string } } }>('runs/create', {
  experiment_id: '0',
});
const { run_id } = run.info;
await deploy('table', run.info);
await deploy('rows', run.info);

// MLflow
const metric = (i: number) => ({ key: `m${i}`, value: i, timestamp: 1, step: i });
await measure(
  'log-batch, 800 metrics, 100 params, 100 tags',
  'POST',
  '/api/2.0/mlflow/runs/log-batch',
  JSON.stringify({
    run_id,
    metrics: Array.from({ length: 800 }, (_, i) => metric(i)),
    params: Array.from({ length: 100 }, (_, i) => ({ key: `p${i}`, value: 'x'.repeat(6000) })),
    tags: Array.from({ length: 100 }, (_, i) => ({ key: `t${i}`, value: 'x'.repeat(8000) })),
  }),
);
const dataset = (profile: string) => ({ name: 'd', digest: '1', source_type: 'local', source: '{}', profile });
await measure(
  'log-inputs, the largest profile',
  'POST',
  '/api/2.0/mlflow/runs/log-inputs',
  JSON.stringify({
    run_id,
    datasets: [{ dataset: dataset('x'.repeat(16_777_215)) }],
  }),
);
await measure(
  'log-inputs, the largest profile, of quotes',
  'POST',
  '/api/2.0/mlflow/runs/log-inputs',
  JSON.stringify({
    run_id,
    datasets: [{ dataset: { ...dataset('"'.repeat(8_000_000)), digest: '2' } }],
  }),
);
await measure('runs/get of it', 'GET', `/api/2.0/mlflow/runs/get?run_id=${run_id}`);
for (const megabytes of [18, 62]) {
  const text = 'x'.repeat(megabytes * MEGABYTE);
  await measure(
    `set-tag, a text of ${megabytes} MB`,
    'POST',
    '/api/2.0/mlflow/runs/set-tag',
    JSON.stringify({ run_id, key: 'k', value: text }),
  );
}
await measure(
  'log-batch, too many values',
  'POST',
  '/api/2.0/mlflow/runs/log-batch',
  `{"run_id":"${run_id}","metrics":[${list('1', 9_000_000)}]}`,
);
await measure(
  'log-batch, 95,000 values',
  'POST',
  '/api/2.0/mlflow/runs/log-batch',
  JSON.stringify({ run_id, metrics: Array.from({ length: 19_000 }, (_, i) => metric(i)) }),
);

// Predictions and their log
const wide = (rows: number) =>
  `{"inputs":[{"name":"x","datatype":"FP32","shape":[${rows},${COLUMNS}],"data":[${list('1.5', rows * COLUMNS)}]}]}`;
await measure(`a table of 19,900 rows of ${COLUMNS} columns`, 'POST', '/v2/models/table/infer', wide(19_900));
await measure('its predictions, a page', 'GET', '/api/v1/deployments/table/predictions?limit=1000');
await measure(
  'a row of 90,000 columns, 50 times',
  'POST',
  '/v2/models/table/infer',
  `{"inputs":[{"name":"x","datatype":"FP32","shape":[50,90000],"data":[${list('1.5', 4_500_000)}]}]}`,
);
await measure('its predictions, a page', 'GET', '/api/v1/deployments/table/predictions?limit=1000');
await measure(
  'an answer of 20,000,000 rows',
  'POST',
  '/v2/models/rows/infer',
  '{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[20000000]}]}',
);

// The platform's own
const actual = (i: number, value: string) => ({ key: `${i}`.padStart(400, '0'), value });
await measure(
  'actuals, the most and longest',
  'POST',
  '/api/v1/deployments/table/actuals',
  JSON.stringify({ actuals: Array.from({ length: 1000 }, (_, i) => actual(i, 'x'.repeat(1000))) }),
);
await measure(
  'actuals, a text of 62 MB',
  'POST',
  '/api/v1/deployments/table/actuals',
  JSON.stringify({ actuals: [actual(1, 'x'.repeat(62 * MEGABYTE))] }),
);
await platform.stop();
