import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { needTool, pythonEnvironment, startRedis, temporaryFolder } from '@mlops/testing';
import { Analytics } from '../src/offline/analytics.ts';

/** What a measurement stands on: a repository of Feast and a Redis. */
export interface Place {
  readonly repository: string;
  readonly redis: string;
  readonly analytics: Analytics;
  readonly close: () => Promise<void>;
}

/** @param rows the query whose answer becomes views.parquet, the history of all views */
export async function openPlace(rows: string, views: number): Promise<Place> {
  const [folder, redis] = [temporaryFolder(), await startRedis()];
  const analytics = new Analytics(join(folder.path, 'scratch'));
  const target = join(folder.path, 'views.parquet');
  await analytics.run((connection) => connection.execute(`copy (${rows}) to '${target}' (format parquet)`));
  python('repository.py', folder.path, [new URL(redis.url).host, String(views)]);
  const close = async () => {
    await analytics.close();
    await redis.stop();
    folder.remove();
  };
  return { repository: folder.path, redis: redis.url, analytics, close };
}

export function python(script: string, repository: string, args: readonly string[]): string {
  const interpreter = needTool('mlops-python');
  const program = join(import.meta.dirname, script);
  const { status, stdout, stderr } = spawnSync(interpreter, [program, repository, ...args], {
    encoding: 'utf8',
    env: pythonEnvironment(interpreter),
    cwd: repository,
  });
  if (status !== 0) throw new Error(`${script}: ${stderr}`);
  return stdout;
}

/** Processor time that processes have used, in milliseconds (Linux). */
export function processorTime(pids: readonly number[]): number {
  const TICKS_PER_SECOND = 100;
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** A process and all that it has started (Linux). */
export function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [
    pid,
    ...children
      .split(' ')
      .filter(Boolean)
      .flatMap((child) => family(Number(child))),
  ];
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export function post(url: string, body: string): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method: 'POST', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

export function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

export function print(...texts: readonly string[]): void {
  process.stdout.write(`${texts.join('  ')}\n`);
}
