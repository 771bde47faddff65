import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@mlops/child-process';

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
  return started(python, args, { folder, port, env });
}

/** One of our programs, started as `npm start` starts it. */
export async function startOurs(
  file: string,
  args: readonly string[],
  folder = mkdtempSync(join(tmpdir(), 'mlops-bench-')),
): Promise<BenchServer> {
  const port = await freePort();
  const command = [join(ROOT, 'scripts/run.mjs'), join(ROOT, file), '--port', String(port), '--data', folder, ...args];
  return started(process.execPath, command, { folder, port });
}

async function started(
  program: string,
  args: readonly string[],
  { folder, port, env = process.env }: { folder: string; port: number; env?: NodeJS.ProcessEnv },
): Promise<BenchServer> {
  const url = `http://127.0.0.1:${port}`;
  const begun = performance.now();
  const { child, stop } = await startServer(program, args, `${url}/health`, { cwd: folder, env });
  return {
    url,
    folder,
    startSeconds: (performance.now() - begun) / 1000,
    memoryMb: () => memoryOfGroup(child.pid ?? 0),
    stop: async () => {
      await stop();
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
