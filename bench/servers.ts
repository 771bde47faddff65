import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const ROOT = join(import.meta.dirname, '..');

export interface BenchServer {
  readonly url: string;
  readonly folder: string;
  readonly startSeconds: number;
  /** Resident memory of the process and its children, in MB. */
  readonly memoryMb: () => number;
  readonly stop: () => Promise<void>;
}

/** The Python with the real MLflow: the one that MLOPS_TOOL_MLOPS_PYTHON names, or an environment that is made now. */
export function peerPython(): string {
  const named = process.env.MLOPS_TOOL_MLOPS_PYTHON;
  if (named) return named;
  const folder = join(tmpdir(), 'mlops-bench-python');
  const python = join(folder, 'bin/python');
  if (existsSync(join(folder, 'bin/mlflow'))) return python;
  console.log('Setting up the peer’s Python environment (once) …');
  const run = (program: string, ...args: string[]) => {
    if (spawnSync(program, args, { stdio: ['ignore', 2, 2] }).status !== 0)
      throw new Error(`${program} ${args.join(' ')} failed`);
  };
  run('python3', '-m', 'venv', folder);
  run(python, '-m', 'pip', 'install', '--quiet', 'uv==0.13.9');
  run(
    join(folder, 'bin/uv'),
    'pip',
    'install',
    '--quiet',
    '--python',
    python,
    '-r',
    join(ROOT, 'scripts/contract-requirements.txt'),
  );
  return python;
}

export async function startPeer(python: string): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  const port = await freePort();
  const stores = [
    '--backend-store-uri',
    `sqlite:///${folder}/mlflow.db`,
    '--artifacts-destination',
    join(folder, 'artifacts'),
  ];
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1', ...stores];
  const env = {
    ...process.env,
    PATH: `${join(python, '..')}:${process.env.PATH}`,
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
  };
  return started(
    spawn(python, args, { env, cwd: folder, detached: true, stdio: 'ignore' }),
    `http://127.0.0.1:${port}`,
    '/health',
    folder,
  );
}

/** One of our programs, started as `npm start` starts it. */
export async function startOurs(
  file: string,
  args: readonly string[],
  folder = mkdtempSync(join(tmpdir(), 'mlops-bench-')),
): Promise<BenchServer> {
  const port = await freePort();
  const command = [join(ROOT, 'scripts/run.mjs'), join(ROOT, file), '--port', String(port), '--data', folder, ...args];
  return started(
    spawn(process.execPath, command, { detached: true, stdio: 'ignore' }),
    `http://127.0.0.1:${port}`,
    '/health',
    folder,
  );
}

async function started(child: ChildProcess, url: string, path: string, folder: string): Promise<BenchServer> {
  const begun = performance.now();
  while (!(await fetch(url + path).catch(() => undefined))?.ok) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    await wait(20);
  }
  const group = child.pid ?? 0;
  return {
    url,
    folder,
    startSeconds: (performance.now() - begun) / 1000,
    memoryMb: () => memoryOfGroup(group),
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      process.kill(-group, 'SIGTERM');
      await Promise.race([ended, wait(10_000)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Resident memory of a process group's servers; the starter itself, which only waits, is left out. */
function memoryOfGroup(group: number): number {
  const { stdout } = spawnSync('ps', ['-e', '-o', 'pgid=,pid=,rss='], { encoding: 'utf8' });
  const rows = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  const mine = rows.filter(([pgid, pid]) => pgid === group && !isStarter(pid ?? 0));
  return mine.reduce((sum, [, , rss]) => sum + (rss ?? 0), 0) / 1024;
}

function isStarter(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('scripts/run.mjs');
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
