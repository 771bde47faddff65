import { type ChildProcess, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { startServer } from '@mlops/child-process';
import { findTool, needTool } from './tools.ts';

/** Something that a suite has started. */
export interface Started {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** A folder that is gone when the suite ends. */
export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'mlops-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Where PostgreSQL's server programs are: on PATH, or where Debian keeps them. */
export function postgresPrograms(): string | undefined {
  const found = findTool('initdb');
  if (found) return join(found, '..');
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  return versions.map((version) => join(debian, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')));
}

/** A server that can be found dead, and started anew on what it has kept. */
export interface StartedPostgres extends Started {
  readonly revive: () => void;
}

/**
 * A PostgreSQL server of the suite's own, with one empty database, in a folder of its own or in `place`. Its programs
 * refuse to run as root.
 */
export async function startPostgres(place?: string): Promise<StartedPostgres> {
  const programs = postgresPrograms();
  if (!programs) throw new Error('PostgreSQL is not installed');
  const folder = place === undefined ? temporaryFolder() : { path: place, remove: () => {} };
  const port = await freePort();
  const data = join(folder.path, 'data');
  const isRoot = userInfo().uid === 0;
  if (isRoot) {
    const { stdout } = spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' });
    chownSync(folder.path, Number(stdout), Number(stdout));
  }
  const runAs = ([program, args]: readonly [string, readonly string[]]) => {
    const command = [join(programs, program), ...args];
    const [first = '', ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    return spawnSync(first, rest, { encoding: 'utf8', cwd: folder.path });
  };
  const run = (program: string, args: readonly string[]) => {
    const { status, stderr, stdout } = runAs([program, args]);
    if (status !== 0) throw new Error(`${program}: ${stderr}${stdout}`);
  };
  run('initdb', ['-D', data, '-U', 'mlops', '-A', 'trust', '-E', 'UTF8', '--no-sync']);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c fsync=off -k ${folder.path}`;
  const start = () => run('pg_ctl', ['-D', data, '-w', '-l', join(folder.path, 'log'), '-o', options, 'start']);
  start();
  return {
    url: `postgres://mlops@127.0.0.1:${port}/postgres`,
    revive() {
      const { status } = runAs(['pg_ctl', ['-D', data, 'status']]);
      if (status !== 0) start();
    },
    stop: async () => {
      run('pg_ctl', ['-D', data, '-m', 'immediate', 'stop']);
      folder.remove();
    },
  };
}

/** A server that can be away for a while. */
interface StartedRedis extends Started {
  readonly interrupt: () => Promise<void>;
  /** Starts it again, empty. */
  readonly revive: () => Promise<void>;
}

/** A Redis server with nothing in it, that keeps nothing on disk. */
export async function startRedis(): Promise<StartedRedis> {
  const program = needTool('redis-server');
  const folder = temporaryFolder();
  const port = await freePort();
  const args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder.path,
  ];
  const start = () => startServer(program, args, /Ready to accept connections/);
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    interrupt: () => server.stop(),
    revive: async () => {
      server = await start();
    },
    stop: async () => {
      await server.stop();
      folder.remove();
    },
  };
}

/** A real MLflow server on SQLite, with proxied artifacts. */
export async function startMlflow(): Promise<Started> {
  const python = needTool('mlops-python');
  const folder = temporaryFolder();
  const port = await freePort();
  const args = ['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'];
  const stores = [
    '--backend-store-uri',
    `sqlite:///${folder.path}/mlflow.db`,
    '--artifacts-destination',
    join(folder.path, 'artifacts'),
  ];
  const url = `http://127.0.0.1:${port}`;
  const { stop } = await startServer(python, [...args, ...stores], `${url}/health`, {
    cwd: folder.path,
    env: { ...pythonEnvironment(python), MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
  });
  return {
    url,
    stop: async () => {
      await stop();
      folder.remove();
    },
  };
}

/** What Python programs of the contract environment are started with. */
export function pythonEnvironment(python: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: [join(python, '..'), process.env.PATH].join(delimiter),
    MLFLOW_DISABLE_TELEMETRY: 'true',
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

const RUN = join(import.meta.dirname, '../../../scripts/run.mjs');

/** One of the project's own programs as a process, ready when it has printed its line. */
export async function startProgram(
  file: string,
  args: readonly string[],
): Promise<Started & { child: ChildProcess; pid: number }> {
  const ready = /ready at (http:\S+?)[,\s(]/;
  const { child, line, stop } = await startServer(process.execPath, [file, ...args], ready, {
    cwd: join(RUN, '../..'),
  });
  return { url: line?.[1] ?? '', child, pid: child.pid ?? 0, stop };
}
