import type { ChildProcess } from 'node:child_process';

/** How long a process that was asked to end may take. */
const GRACE_MS = 10_000;

/** Stops a process that leads its group (`detached`), and all that it has started: kills them where the signal does not do. */
export async function stopGroup(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, signal);
  const killed = setTimeout(() => killGroup(child), GRACE_MS);
  await ended;
  clearTimeout(killed);
}

export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // it has ended meanwhile
  }
}

/**
 * Ends a child and its process group with this process, whether that ends by itself or by a signal.
 * @returns a function that lets the child go
 */
export function tie(child: ChildProcess): () => void {
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  const kill = () => killGroup(child);
  const killAndEnd = (signal: NodeJS.Signals) => {
    kill();
    process.kill(process.pid, signal);
  };
  process.once('exit', kill);
  for (const signal of signals) process.once(signal, killAndEnd);
  return () => {
    process.off('exit', kill);
    for (const signal of signals) process.off(signal, killAndEnd);
  };
}
