// A client in a process of its own: keeps N connections busy for some seconds, prints rate and latencies as JSON.
import { Agent, request } from 'node:http';

/** What a load process is asked to do. */
export interface LoadPlan {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Bodies to send in turn; `$n` in them is the request's number. */
  readonly body: string | undefined;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan;
const agent = new Agent({ keepAlive: true, maxSockets: plan.connections });
const times: number[] = [];
let failures = 0;
let sent = 0;

function send(): Promise<void> {
  sent += 1;
  const body = plan.body?.replaceAll('$n', String(sent));
  const started = performance.now();
  return new Promise((resolve) => {
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(plan.url, { method: plan.method, agent, headers }, (response) => {
      response.resume();
      response.on('end', () => {
        times.push(performance.now() - started);
        if (response.statusCode !== 200) failures += 1;
        resolve();
      });
    });
    outgoing.on('error', () => {
      failures += 1;
      resolve();
    });
    outgoing.end(body);
  });
}

async function keepSending(until: number): Promise<void> {
  while (performance.now() < until) await send();
}

const connections = Array.from({ length: plan.connections });
await Promise.all(connections.map(() => keepSending(performance.now() + 500)));
times.length = 0;
const started = performance.now();
await Promise.all(connections.map(() => keepSending(started + plan.seconds * 1000)));
const elapsed = (performance.now() - started) / 1000;
times.sort((a, b) => a - b);
const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
const result: LoadResult = { requestsPerSecond: times.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), failures };
console.log(JSON.stringify(result));
agent.destroy();
