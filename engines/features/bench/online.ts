// Online reads beside Feast's own feature server, on one Redis and one registry, in turns:
//   node scripts/run.mjs engines/features/bench/online.ts [seconds for each measurement, default 5]
// Needs redis-server and mlops-python. The client takes a part of the machine: processor time is the fairer figure.
import { join } from 'node:path';
import { startServer } from '@mlops/child-process';
import { freePort, needTool, pythonEnvironment, startProgram, temporaryFolder } from '@mlops/testing';
import { Redis } from 'ioredis';
import { fieldsOf, redisKey } from '../src/online/redis-layout.ts';
import { serializeEntityKey } from '../src/values/entity-key.ts';
import { family, openPlace, percentile, post, print, processorTime } from './place.ts';

const SECONDS = Number(process.argv[2] ?? 5);
const [VIEWS, ENTITIES] = [25, 1000];
const columns = Array.from({ length: VIEWS * 10 }, (_, i) => `(random() * 1000000)::bigint as feature_${i}`).join(', ');
const history = `select i as entity, timestamp '2026-01-01' as event_timestamp, ${columns} from range(${ENTITIES}) as t(i)`;

const place = await openPlace(history, VIEWS);
const data = temporaryFolder();
const registry = join(place.repository, 'registry.db');
const main = join(import.meta.dirname, '../src/main.ts');
const ours = await startProgram(main, [
  '--port',
  '0',
  '--data',
  data.path,
  '--registry',
  registry,
  '--online',
  place.redis,
]);
await post(`${ours.url}/materialize`, JSON.stringify({ start_ts: '2025-12-31', end_ts: '2026-01-02' }));

const python = needTool('mlops-python');
const feastUrl = `http://127.0.0.1:${await freePort()}`;
const flags = ['--no-access-log', '--max-requests', '0', '--max-requests-jitter', '0', '-w', '1'];
const address = ['-h', '127.0.0.1', '-p', new URL(feastUrl).port];
const feast = await startServer(
  join(python, '../feast'),
  ['-c', place.repository, 'serve', ...address, ...flags],
  `${feastUrl}/health`,
  { env: pythonEnvironment(python), cwd: place.repository },
);
const servers = {
  feast: { url: feastUrl, pids: () => family(feast.child.pid ?? 0) },
  ours: { url: ours.url, pids: () => [ours.pid] },
};

interface Shape {
  readonly name: string;
  readonly features: number;
  readonly rows: number;
  readonly service?: string;
}
const shapes: readonly Shape[] = [
  { name: '50 features × 1 row', features: 50, rows: 1 },
  { name: '50 × 1, by service', features: 50, rows: 1, service: 'service_50' },
  { name: '50 × 100', features: 50, rows: 100 },
  { name: '250 × 1', features: 250, rows: 1 },
  { name: '250 × 100', features: 250, rows: 100 },
];

for (const shape of shapes) {
  const measured = { feast: await measure('feast', shape, 1), ours: await measure('ours', shape, 1) };
  const busy = { feast: await measure('feast', shape, 8), ours: await measure('ours', shape, 8) };
  for (const name of ['feast', 'ours'] as const) {
    const { p50, p99, cpu } = measured[name];
    print(
      shape.name.padEnd(20),
      name.padEnd(5),
      `p50 ${p50.toFixed(2)} ms  p99 ${p99.toFixed(2)} ms  processor ${cpu.toFixed(3)} ms/request`,
      `8 connections ${busy[name].perSecond.toFixed(0)}/s, processor ${busy[name].cpu.toFixed(3)} ms/request`,
    );
  }
  print(
    shape.name.padEnd(20),
    'ratio',
    `p50 ${(measured.feast.p50 / measured.ours.p50).toFixed(1)}×  processor ${(busy.feast.cpu / busy.ours.cpu).toFixed(1)}×`,
    `throughput ${(busy.ours.perSecond / busy.feast.perSecond).toFixed(1)}×`,
  );
}
print('the bare HMGET of 50 features in this process'.padEnd(27), `p50 ${(await bareRedis()).toFixed(2)} ms`);

await ours.stop();
await feast.stop();
await place.close();
data.remove();

function bodyOf({ features, rows, service }: Shape): string {
  const entity = Array.from({ length: rows }, () => Math.floor(Math.random() * ENTITIES));
  const names = Array.from({ length: features }, (_, i) => `view_${Math.floor(i / 10)}:feature_${i}`);
  return JSON.stringify({
    entities: { entity },
    ...(service === undefined ? { features: names } : { feature_service: service }),
  });
}

async function measure(name: keyof typeof servers, shape: Shape, connections: number) {
  const { url, pids } = servers[name];
  const times: number[] = [];
  const client = async (until: number) => {
    while (performance.now() < until) {
      const body = bodyOf(shape);
      const started = performance.now();
      await post(`${url}/get-online-features`, body);
      times.push(performance.now() - started);
    }
  };
  const run = (seconds: number) => {
    const until = performance.now() + seconds * 1000;
    return Promise.all(Array.from({ length: connections }, () => client(until)));
  };
  await run(1);
  times.length = 0;
  const [processes, started] = [pids(), performance.now()];
  const before = processorTime(processes);
  await run(SECONDS);
  const cpu = (processorTime(processes) - before) / times.length;
  const perSecond = (times.length * 1000) / (performance.now() - started);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), cpu, perSecond };
}

/** What the same read takes without a server around it. */
async function bareRedis(): Promise<number> {
  const redis = new Redis(place.redis);
  const views = Array.from({ length: 5 }, (_, view) => ({
    view: `view_${view}`,
    features: Array.from({ length: 10 }, (_each, i) => `feature_${view * 10 + i}`),
  }));
  const fields = views.flatMap((view) => fieldsOf(view));
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const key = serializeEntityKey([{ joinKey: 'entity', type: 'int64', value: i % ENTITIES }]);
    const started = performance.now();
    await redis.hmgetBuffer(redisKey(key, 'bench'), ...fields);
    if (i >= 500) times.push(performance.now() - started);
  }
  redis.disconnect();
  return percentile(times, 0.5);
}
