import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { stopGroup, tie } from './group.ts';

const POLL_MS = 20;
/** What an error shows of a server's output: its end. */
const OUTPUT_MAX = 64 * 1024;

/** A server that is ready. */
export interface Server {
  readonly child: ChildProcess;
  /** What of its output said that it is ready; undefined where an address has answered. */
  readonly line: RegExpExecArray | undefined;
  /** Stops it and all that it has started. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts a server in a process group of its own, which ends with this process, and waits until it is ready.
 * @param ready an address that answers 200, or an expression that its output matches
 * @param options.seconds how long it may take, default 90
 * @throws with what it printed, where it ends or is not ready in time
 */
export async function startServer(
  program: string,
  args: readonly string[],
  ready: string | RegExp,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly seconds?: number } = {},
): Promise<Server> {
  const { cwd, env, seconds = 90 } = options;
  const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const untie = tie(child);
  let output = '';
  let failed: Error | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output = `${output}${text}`.slice(-OUTPUT_MAX)));
  }
  child.on('error', (error) => (failed = error));
  child.on('close', (code, signal) => (failed ??= new Error(`${program} ended with ${code ?? signal}: ${output}`)));
  const stop = async () => {
    await stopGroup(child);
    untie();
  };
  const deadline = Date.now() + seconds * 1000;
  while (failed === undefined) {
    const line = typeof ready === 'string' ? undefined : (ready.exec(output) ?? undefined);
    if (line || (typeof ready === 'string' && (await answers(ready)))) return { child, line, stop };
    if (Date.now() > deadline) failed = new Error(`${program} was not ready within ${seconds} s: ${output}`);
    await wait(POLL_MS);
  }
  await stop();
  throw failed;
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  await response?.body?.cancel();
  return response?.ok ?? false;
}
