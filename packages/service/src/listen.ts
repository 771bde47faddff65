import { HelpAsked, PlatformError, toPlatformError } from '@mlops/errors';
import type { FastifyInstance } from 'fastify';

const CLOSE_SECONDS_MAX = 30;

/**
 * Threads that hang inside of native code. Node waits for every thread when a process exits, so a program that has such
 * a thread ends by a signal.
 */
export const stuckThreads = new Set<object>();

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: 'local' | 'required' | 'anonymous';
}

/**
 * Listens and returns the address.
 * @throws INVALID_PARAMETER when the port is taken, the address is not of this machine, or nobody is identified on it.
 */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<string> {
  const { host, port, identity } = options;
  if (identity === 'local' && !isLoopback(host)) {
    throw new PlatformError(
      'INVALID_PARAMETER',
      `host: ${host} can be reached by others, and no identity source is configured: everyone would act as the local ` +
        `user. Listen on 127.0.0.1, or set identity to required, or to anonymous if the network in front authenticates.`,
      { field: 'host' },
    );
  }
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') throw unusable('port', `port ${port} is in use; choose another with --port.`);
    if (code === 'EACCES') throw unusable('port', `port ${port} needs more rights; choose another with --port.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw unusable('host', `host ${host} is not an address of this machine; choose another with --host.`);
    }
    throw error;
  }
}

function unusable(field: string, message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** Runs a program's start; what it throws becomes one line on the terminal, and SIGTERM or SIGINT close it in order. */
export async function runProgram(start: () => Promise<{ ready: string; close: () => Promise<void> }>): Promise<void> {
  try {
    const { ready, close } = await start();
    let closing = false;
    const stop = () => {
      if (closing) return;
      closing = true;
      // By a signal: a thread may hang without being known for it yet.
      setTimeout(killSelf, CLOSE_SECONDS_MAX * 1000).unref();
      close().then(
        () => end(0),
        (error: unknown) => fail(error),
      );
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
    // Last, because whoever waits for this line may send a signal at once.
    process.stdout.write(`${ready}\n`);
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  if (error instanceof HelpAsked) {
    process.stdout.write(`${error.message}\n`);
    end(0);
  }
  const known = toPlatformError(error);
  process.stderr.write(`${messageOf(known, error)}\n`);
  end(1);
}

/** What the operating system refuses says enough; all else is a defect of ours, whose place is wanted. */
function messageOf(known: PlatformError, error: unknown): string | undefined {
  if (known.code !== 'INTERNAL') return known.message;
  const isOfSystem = error instanceof Error && 'syscall' in error;
  return isOfSystem ? error.message : known.internal;
}

function end(code: number): never {
  if (stuckThreads.size > 0) killSelf();
  process.exit(code);
}

function killSelf(): void {
  process.kill(process.pid, 'SIGKILL');
}
