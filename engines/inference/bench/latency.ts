// What the engine and its server add to one run of onnxruntime-node, at batch 1:
//   node engines/inference/bench/latency.ts [rounds]
// Every round asks each way once, so that all of them see the same machine; the client shares the process.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { inferenceRoutes, invocationsRoutes, openInference, type Tensor, toJson } from '../src/index.ts';

const MODEL = join(import.meta.dirname, '../../../examples/flight-delays/model');
const rounds = Number(process.argv[2] ?? 3000);
const WARM_UP = 1000;
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

const engine = openInference({ threads: 1 });
await engine.load('flights', '1', { path: MODEL });
engine.route('flights', [{ version: '1', weight: 1 }]);
const app = createServer({ logLevel: 'silent', allowedHosts: [] });
await app.register(inferenceRoutes, { engine, pipeline: direct });
await app.register(invocationsRoutes, { engine, pipeline: direct, url: '/:name/invocations' });
await app.listen({ port: 0 });
const { port } = app.server.address() as AddressInfo;

const example = JSON.parse(readFileSync(join(MODEL, 'serving_input_example.json'), 'utf8')) as {
  dataframe_split: { columns: string[]; data: unknown[][] };
};
example.dataframe_split.data.length = 1;
const { inputs } = await engine.invoke('flights', undefined, example);
const session = await InferenceSession.create(join(MODEL, 'model.onnx'), {
  intraOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const v2 = JSON.stringify({ inputs: inputs.map((input) => ({ ...input, data: toJson(input) })) });
const scoring = JSON.stringify(example);

const ways: Record<string, () => Promise<unknown>> = {
  'onnxruntime-node, on the main thread': () => session.run(feeds(inputs)),
  'engine.infer': () => engine.infer('flights', undefined, { inputs }),
  'engine.invoke (columns by name)': () => engine.invoke('flights', undefined, example),
  'HTTP, V2 infer': () => post('/v2/models/flights/infer', v2),
  'HTTP, /invocations': () => post('/flights/invocations', scoring),
  'HTTP, GET /v2/health/live': () => post('/v2/health/live', undefined),
};

const times = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
for (let round = -WARM_UP; round < rounds; round++) {
  for (const [name, run] of Object.entries(ways)) {
    const started = performance.now();
    await run();
    if (round >= 0) times.get(name)?.push(performance.now() - started);
  }
}

const [baseline] = [...times.values()].map((each) => percentile(each, 0.5));
print(`${rounds} rounds, 1 row of ${inputs.length} columns; microseconds`);
for (const [name, each] of times) {
  const [p50, p99] = [percentile(each, 0.5), percentile(each, 0.99)];
  const added = p50 - (baseline ?? 0);
  print(`${name.padEnd(40)} p50 ${micro(p50)}  p99 ${micro(p99)}  added ${micro(added)}`);
}

for (const clients of [1, 8, 32]) {
  const perSecond = await throughput(clients, () => post('/v2/models/flights/infer', v2));
  print(`HTTP, V2 infer, ${clients} connections`.padEnd(40), `${Math.round(perSecond)} predictions/s`);
}
await app.close();
await engine.close();

function feeds(tensors: readonly Tensor[]): Record<string, RuntimeTensor> {
  const made = tensors.map(({ name, datatype, data, shape }) => {
    const type = datatype === 'BYTES' ? 'string' : 'float32';
    return [name, new RuntimeTensor(type as 'float32', data as Float32Array, shape)] as const;
  });
  return Object.fromEntries(made);
}

async function throughput(clients: number, ask: () => Promise<unknown>): Promise<number> {
  const seconds = 3;
  const until = performance.now() + seconds * 1000;
  let count = 0;
  const client = async () => {
    while (performance.now() < until) {
      await ask();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return count / seconds;
}

function post(path: string, body: string | undefined): Promise<string> {
  const headers =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ port, path, agent, method: body === undefined ? 'GET' : 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function print(...texts: readonly string[]): void {
  process.stdout.write(`${texts.join(' ')}\n`);
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

function micro(milliseconds: number): string {
  return Math.round(milliseconds * 1000)
    .toString()
    .padStart(5);
}
