import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startProgram, temporaryFolder } from '@mlops/testing';
import { golden } from './platform.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const PAUSE_MILLISECONDS = 25;

/** One process of a replica, from its start to its end. */
export interface Life {
  readonly url: string;
  readonly pid: number;
  /** Milliseconds since 1970; undefined while nobody has killed it. */
  killedAt: number | undefined;
}

/** A platform process that is killed and started again, with its folder or with an empty one. */
export class Replica {
  readonly #args: readonly string[];
  readonly lives: Life[] = [];
  #folder = temporaryFolder();
  #process: Awaited<ReturnType<typeof startProgram>> | undefined;
  #said = '';

  constructor(args: readonly string[]) {
    this.#args = args;
  }

  async start(): Promise<void> {
    const args = ['--port', '0', '--empty', '--log-level', 'error', '--data', this.#folder.path, ...this.#args];
    const started = await startProgram(MAIN, args);
    started.child.stderr?.on('data', (chunk: Buffer) => {
      this.#said += chunk.toString();
    });
    this.#process = started;
    this.lives.push({ url: started.url, pid: started.pid, killedAt: undefined });
  }

  /** The process that runs; undefined between a kill and the next start. */
  get life(): Life | undefined {
    const last = this.lives.at(-1);
    return last?.killedAt === undefined ? last : undefined;
  }

  /** What its processes have logged at level error. */
  get said(): string {
    return this.#said;
  }

  async kill(): Promise<void> {
    const { life } = this;
    if (!life || !this.#process) return;
    const ended = once(this.#process.child, 'exit');
    life.killedAt = Date.now();
    process.kill(life.pid, 'SIGKILL');
    await ended;
  }

  /** As on a new node: nothing of the disk is left. */
  loseDisk(): void {
    this.#folder.remove();
    this.#folder = temporaryFolder();
  }

  async stop(): Promise<void> {
    if (this.life) await this.#process?.stop();
    this.#folder.remove();
  }
}

/** A prediction whose answer has arrived. */
export interface Answered {
  readonly ids: readonly string[];
  readonly deployment: string;
  readonly life: Life;
  /** When the client had read the answer, in milliseconds since 1970. */
  readonly at: number;
}

/** Asks all replicas for predictions, all the time, and notes what was answered. */
export class Traffic {
  readonly answered: Answered[] = [];
  /** What should not have been answered so, or not at all. */
  readonly faults: string[] = [];
  readonly #loops: Promise<void>[] = [];
  #stopped = false;

  /** @param allowed statuses beside 200 that a deployment may answer with: it comes and goes */
  begin(replicas: readonly Replica[], deployment: string, allowed: readonly number[]): void {
    for (const replica of replicas) this.#loops.push(this.#loop(replica, deployment, allowed));
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(replica: Replica, deployment: string, allowed: readonly number[]): Promise<void> {
    const [row] = golden.dataframe_split.data;
    const body = { dataframe_split: { columns: golden.dataframe_split.columns, data: [row] } };
    while (!this.#stopped) {
      const { life } = replica;
      if (life) await this.ask(life, deployment, body, allowed);
      await wait(PAUSE_MILLISECONDS);
    }
  }

  /** One request. A process that is killed may leave it without an answer. @returns the ids of its predictions */
  async ask(
    life: Life,
    deployment: string,
    body: unknown,
    allowed: readonly number[] = [],
  ): Promise<readonly string[]> {
    try {
      const response = await fetch(`${life.url}/api/v1/deployments/${deployment}/invocations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      const at = Date.now();
      if (response.status === 200) {
        const id = response.headers.get('x-request-id') ?? '';
        const { predictions } = JSON.parse(text) as { predictions: unknown[] };
        const ids = predictions.length === 1 ? [id] : predictions.map((_, row) => `${id}:${row}`);
        this.answered.push({ ids, deployment, life, at });
        return ids;
      }
      if (!allowed.includes(response.status)) this.faults.push(`${deployment}: ${response.status} ${text}`);
    } catch (error) {
      if (life.killedAt === undefined) this.faults.push(`${deployment}: ${String((error as Error).cause ?? error)}`);
    }
    return [];
  }
}
