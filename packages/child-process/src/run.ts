import { spawn } from 'node:child_process';
import { killGroup, tie } from './group.ts';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How long a program that was told to stop may take, and how long what it started may keep its output open. */
const GRACE_MS = 5_000;

/**
 * Runs a program to its end, or stops it after `timeout` milliseconds (ten minutes): it always settles. Rejects only where
 * it cannot be started; a failure is its exit code. With `group` the programs that it starts are stopped with it,
 * and all of them end with this process; `signal` kills it at once.
 */
export function run(
  program: string,
  args: readonly string[],
  options: {
    readonly input?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly timeout?: number;
    readonly group?: boolean;
    readonly signal?: AbortSignal;
  } = {},
): Promise<CommandResult> {
  const { timeout = 600_000, group = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      detached: group,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const untie = group ? tie(child) : () => {};
    let stdout = '';
    let stderr = '';
    const timers: NodeJS.Timeout[] = [];
    const after = (milliseconds: number, action: () => void) => timers.push(setTimeout(action, milliseconds));
    const stop = (signal: NodeJS.Signals) => {
      if (group) killGroup(child, signal);
      else child.kill(signal);
    };
    const kill = () => stop('SIGKILL');
    options.signal?.addEventListener('abort', kill);
    const settle = () => {
      for (const timer of timers) clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      untie();
    };
    after(timeout, () => {
      stderr += `${program} was stopped after ${timeout / 1000} s\n`;
      stop('SIGTERM');
      after(GRACE_MS, () => stop('SIGKILL'));
    });
    // what it started may hold its output open for ever: the end of the program is the end
    child.on('exit', () =>
      after(GRACE_MS, () => {
        stop('SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
      }),
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error: NodeJS.ErrnoException) => {
      settle();
      reject(error.code === 'ENOENT' ? new Error(`${program} is not installed`, { cause: error }) : error);
    });
    child.on('close', (code, signal) => {
      settle();
      resolve({ code: code ?? 1, stdout, stderr: signal ? `${stderr}${signal}` : stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}
