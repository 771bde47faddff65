// npm run bench: the peer and us, measured in one run on one machine, with the ratio. Needs Python 3.11 for the peer.
import { spawn, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { deployExample } from '@mlops/flight-delays';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { LoadPlan, LoadResult } from './load.ts';
import { type BenchServer, peerPython, startOurs, startPeer } from './servers.ts';

const SECONDS = 4;
const CLIENTS = 8;
const RUNS = 10_000;
const POINTS = 20_000;

const rows: string[] = [];
function report(what: string, ours: string, peer: string, ratio: string): void {
  rows.push(`| ${what} | ${ours} | ${peer} | ${ratio} |`);
  console.log(rows.at(-1));
}

function load(plan: LoadPlan): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(output) as LoadResult) : reject(new Error(`load: ${code}`)),
    );
  });
}

async function post<T>(url: string, path: string, body: unknown): Promise<T> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/2.0/mlflow/${path}`, init);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

async function newRun(url: string): Promise<string> {
  return (await post<{ run: { info: { run_id: string } } }>(url, 'runs/create', { experiment_id: '0', start_time: 1 }))
    .run.info.run_id;
}

async function writes(ours: BenchServer, peer: BenchServer): Promise<void> {
  const batch = (size: number) =>
    Array.from({ length: size }, (_, i) => ({ key: `m${i}`, value: i, timestamp: 1, step: '$n' }));
  const plans: [string, string, object][] = [
    ['log-metric', 'runs/log-metric', { key: 'm', value: 0.5, timestamp: 1, step: '$n' }],
    ['log-batch of 10 metrics', 'runs/log-batch', { metrics: batch(10) }],
    ['log-batch of 1000 metrics', 'runs/log-batch', { metrics: batch(1000) }],
  ];
  for (const [what, path, body] of plans) {
    const results: LoadResult[] = [];
    for (const { url } of [ours, peer]) {
      const text = JSON.stringify({ run_id: await newRun(url), ...body });
      results.push(
        await load({
          url: `${url}/api/2.0/mlflow/${path}`,
          method: 'POST',
          body: text,
          connections: CLIENTS,
          seconds: SECONDS,
        }),
      );
    }
    const [mine, theirs] = results as [LoadResult, LoadResult];
    const shown = ({ requestsPerSecond, p50Ms, p99Ms }: LoadResult) =>
      `${requestsPerSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(0)} ms`;
    report(
      `${what}, ${CLIENTS} clients`,
      shown(mine),
      shown(theirs),
      `${(mine.requestsPerSecond / theirs.requestsPerSecond).toFixed(1)}×`,
    );
  }
}

async function reads(ours: BenchServer, peer: BenchServer, python: string): Promise<void> {
  spawnSync(python, [join(import.meta.dirname, 'fill_mlflow.py'), join(peer.folder, 'mlflow.db'), String(RUNS)], {
    stdio: 'inherit',
  });
  await fill(ours.url);
  const search = { experiment_ids: ['0'], filter: 'metrics.m3 > 3.5', order_by: ['metrics.m1 DESC'], max_results: 100 };
  const history: string[] = [];
  for (const { url } of [ours, peer]) {
    const run_id = await newRun(url);
    for (let first = 0; first < POINTS; first += 1000) {
      const metrics = Array.from({ length: 1000 }, (_, i) => ({
        key: 'h',
        value: i,
        timestamp: first + i,
        step: first + i,
      }));
      await post(url, 'runs/log-batch', { run_id, metrics });
    }
    history.push(`${url}/api/2.0/mlflow/metrics/get-history?run_id=${run_id}&metric_key=h&max_results=25000`);
  }
  const asked: [string, (server: BenchServer, i: number) => LoadPlan][] = [
    [
      `runs/search, 100 of ${RUNS} runs, metric filter and order`,
      ({ url }) => ({
        url: `${url}/api/2.0/mlflow/runs/search`,
        method: 'POST',
        body: JSON.stringify(search),
        connections: 1,
        seconds: SECONDS,
      }),
    ],
    [
      `metric history of ${POINTS} points`,
      (_server, i) => ({ url: history[i] ?? '', method: 'GET', body: undefined, connections: 1, seconds: SECONDS }),
    ],
  ];
  for (const [what, plan] of asked) {
    const [mine, theirs] = [await load(plan(ours, 0)), await load(plan(peer, 1))];
    report(
      what,
      `p50 ${mine.p50Ms.toFixed(1)} ms`,
      `p50 ${theirs.p50Ms.toFixed(0)} ms`,
      `${(theirs.p50Ms / mine.p50Ms).toFixed(1)}×`,
    );
  }
}

async function fill(url: string): Promise<void> {
  const next = Array.from({ length: RUNS }, (_, i) => i);
  const worker = async () => {
    for (let i = next.shift(); i !== undefined; i = next.shift()) {
      const run = i;
      const run_id = await newRun(url);
      await post(url, 'runs/log-batch', {
        run_id,
        metrics: Array.from({ length: 10 }, (_, k) => ({
          key: `m${k}`,
          value: ((run * 7919) % 10_007) / 10_007 + k,
          timestamp: 1,
          step: 0,
        })),
        params: Array.from({ length: 10 }, (_, k) => ({ key: `p${k}`, value: String(run % (k + 2)) })),
        tags: Array.from({ length: 5 }, (_, k) => ({ key: `t${k}`, value: String(run % 5) })),
      });
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
}

async function predictions(): Promise<void> {
  const platform = await startOurs('platform-api/src/main.ts', ['--empty']);
  await deployExample(platform.url);
  const flight = { carrier: 'DL', origin: 'JFK', dest: 'SFO' } as Record<string, string | number>;
  const { inputs } = (await (await fetch(`${platform.url}/v2/models/flight-delays`)).json()) as {
    inputs: { name: string; datatype: string }[];
  };
  for (const { name, datatype } of inputs) if (datatype === 'FP32') flight[name] = 1;
  const tensors = inputs.map(({ name, datatype }) => ({ name, datatype, shape: [1], data: [flight[name]] }));
  const body = JSON.stringify({ inputs: tensors });
  const url = `${platform.url}/v2/models/flight-delays/infer`;
  const one = await load({ url, method: 'POST', body, connections: 1, seconds: SECONDS });
  const many = await load({ url, method: 'POST', body, connections: CLIENTS, seconds: SECONDS });
  const floor = await load({
    url: `${platform.url}/healthz`,
    method: 'GET',
    body: undefined,
    connections: 1,
    seconds: SECONDS,
  });
  const raw = await rawRun(inputs, flight);
  await platform.stop();
  report(
    'prediction, batch 1, 22 inputs, 1 connection',
    `${one.requestsPerSecond.toFixed(0)}/s, p50 ${one.p50Ms.toFixed(2)}, p99 ${one.p99Ms.toFixed(1)} ms`,
    `raw run ${raw.toFixed(3)} ms; empty request ${floor.p50Ms.toFixed(2)} ms`,
    `+${(one.p50Ms - raw).toFixed(2)} ms`,
  );
  report(
    `prediction, batch 1, ${CLIENTS} connections`,
    `${many.requestsPerSecond.toFixed(0)}/s, p50 ${many.p50Ms.toFixed(2)}, p99 ${many.p99Ms.toFixed(1)} ms`,
    '–',
    '–',
  );
}

/** The model run by onnxruntime-node itself, on this thread: median milliseconds, tensors built each time. */
async function rawRun(
  inputs: readonly { name: string; datatype: string }[],
  flight: Readonly<Record<string, string | number>>,
): Promise<number> {
  const path = join(import.meta.dirname, '../examples/flight-delays/model/model.onnx');
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const times: number[] = [];
  for (let i = 0; i < 3000; i++) {
    const started = performance.now();
    const feeds = Object.fromEntries(
      inputs.map(({ name, datatype }) => [
        name,
        datatype === 'FP32'
          ? new Tensor('float32', Float32Array.of(Number(flight[name])), [1])
          : new Tensor('string', [String(flight[name])], [1]),
      ]),
    );
    await session.run(feeds);
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}

async function startAndMemory(peer: BenchServer): Promise<void> {
  const first = await startOurs('platform-api/src/main.ts', []);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await first.stop();
  const platform = await startOurs('platform-api/src/main.ts', ['--empty']);
  await deployExample(platform.url);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  report(
    'warm start to ready',
    `${platform.startSeconds.toFixed(2)} s`,
    `${peer.startSeconds.toFixed(2)} s`,
    `${(peer.startSeconds / platform.startSeconds).toFixed(1)}×`,
  );
  report(
    'idle memory, a model deployed',
    `${platform.memoryMb().toFixed(0)} MB`,
    `${peer.memoryMb().toFixed(0)} MB (tracking alone)`,
    `${(peer.memoryMb() / platform.memoryMb()).toFixed(1)}×`,
  );
  await platform.stop();
}

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Node ${process.versions.node}; the peer: MLflow, 1 worker, SQLite\n`,
);
console.log('| what | ours | peer | ratio |\n| --- | --- | --- | --- |');
const python = peerPython();
const peer = await startPeer(python);
await startAndMemory(peer);
const ours = await startOurs('platform-api/src/main.ts', ['--empty']);
await writes(ours, peer);
await reads(ours, peer, python);
await Promise.all([ours.stop(), peer.stop()]);
await predictions();
