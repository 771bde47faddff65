import { randomUUID } from 'node:crypto';
import type { Database } from '@mlops/database';
import { type JobDefinition, type JobProgress, type JobRun, LeaseLost } from './job.ts';
import { type JobRunRecord, type JobState, JobStore, type Lease } from './store.ts';

const LEASE_MILLISECONDS = 10_000;
const BEAT_MILLISECONDS = 2000;
const POLL_MILLISECONDS = 1000;

export interface JobsOptions {
  readonly database: Database<unknown>;
  readonly definitions: readonly JobDefinition[];
  /** Names this process in leases and in the history; unique among those that share the database. */
  readonly runner: string;
  /** Surrounds each run: who acts is the caller's matter. Default: nothing. */
  readonly within?: <T>(job: string, run: () => Promise<T>) => Promise<T>;
  /** Told of each run that has ended, for metrics and the log. */
  readonly onEnd?: (job: string, status: JobRunRecord['status'], seconds: number, error?: unknown) => void;
  /** Told of what keeps schedules from being followed, such as a database that is away; the next turn tries again. */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds; for tests that do not want to wait. */
  readonly lease?: number;
  readonly poll?: number;
}

/**
 * Runs jobs on their schedules. Of all processes that share the database one runs a job of runner `one`: it holds a lease
 * and renews it; when it dies, another takes over from its checkpoint as soon as the lease has run out.
 */
export class Jobs {
  readonly #options: JobsOptions;
  readonly #store: JobStore;
  readonly #closing = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  #timers: NodeJS.Timeout[] = [];

  constructor(options: JobsOptions) {
    this.#options = options;
    this.#store = new JobStore(options.database);
  }

  /** Begins to follow the schedules. */
  async start(): Promise<void> {
    const shared = this.#options.definitions.filter(({ runner }) => runner === 'one');
    await this.#store.announce(shared.map(({ name }) => name));
    const poll = this.#options.poll ?? POLL_MILLISECONDS;
    this.#every(poll, () => this.#takeWhatIsDue(shared));
    for (const definition of this.#options.definitions) {
      if (definition.runner === 'each') this.#every(definition.everySeconds * 1000, () => this.#runOwn(definition));
    }
  }

  /** Ends what runs, and waits for it. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#closing.abort();
    await Promise.allSettled(this.#running.values());
  }

  states(): Promise<JobState[]> {
    return this.#store.states();
  }

  /** Newest first. */
  history(job: string | undefined, limit: number): Promise<JobRunRecord[]> {
    return this.#store.history(job, limit);
  }

  /** Asks a run to end, in whichever process it is: within seconds. Undefined if there is no such run. */
  cancel(run: string, job: string): Promise<JobRunRecord | undefined> {
    return this.#store.cancel(run, job);
  }

  /** Makes a job of runner `one` due. */
  runNow(job: string): Promise<void> {
    return this.#store.runNow(job);
  }

  get definitions(): readonly JobDefinition[] {
    return this.#options.definitions;
  }

  #every(milliseconds: number, action: () => Promise<void>): void {
    // A database that is away is no reason to end: the next turn tries again.
    const turn = () => void action().catch((error: unknown) => this.#options.onError?.(error));
    this.#timers.push(setInterval(turn, milliseconds).unref());
  }

  async #takeWhatIsDue(shared: readonly JobDefinition[]): Promise<void> {
    const free = shared.filter(({ name }) => !this.#running.has(name));
    if (free.length === 0 || this.#closing.signal.aborted) return;
    for (const definition of await this.#store.due(free))
      this.#track(definition.name, () => this.#runLeased(definition));
  }

  async #runOwn(definition: JobDefinition): Promise<void> {
    this.#track(`${definition.name}@`, () => this.#run(definition, undefined));
  }

  /** At most one run of a key at a time in this process. */
  #track(key: string, run: () => Promise<unknown>): void {
    if (this.#running.has(key) || this.#closing.signal.aborted) return;
    const ended = run()
      .then(
        () => {},
        (error: unknown) => this.#options.onError?.(error),
      )
      .finally(() => this.#running.delete(key));
    this.#running.set(key, ended);
  }

  async #runLeased(definition: JobDefinition): Promise<void> {
    const lease = await this.#store.lease(definition, this.#options.runner, this.#leaseMilliseconds);
    if (!lease) return;
    const status = await this.#run(definition, lease);
    const isOver = status !== 'interrupted';
    await this.#store.release(lease, isOver ? lease.takenAt + definition.everySeconds * 1000 : undefined);
  }

  async #run(definition: JobDefinition, lease: Lease | undefined): Promise<JobRunRecord['status']> {
    const { within = (_job, run) => run(), onEnd, runner } = this.#options;
    const id = randomUUID();
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#closing.signal]);
    let progress: JobProgress | undefined;
    const run = this.#view(definition.name, lease, signal, (now) => {
      progress = now;
    });
    const started = performance.now();
    // What a process does for itself nobody takes over: a run that ends with its process leaves no line that says it runs.
    if (lease) await this.#store.begin(id, definition.name, runner);
    const beat = setInterval(
      () => {
        void this.#beat(id, lease, progress).then(
          (goesOn) => goesOn || stop.abort(),
          () => {},
        );
      },
      Math.min(BEAT_MILLISECONDS, this.#leaseMilliseconds / 3),
    ).unref();
    let status: JobRunRecord['status'] = 'succeeded';
    let message: string | undefined;
    let thrown: unknown;
    try {
      message = await within(definition.name, () => definition.run(run));
      if (lease) await run.save(undefined);
    } catch (error) {
      thrown = error;
      const isInterrupted = error instanceof LeaseLost || this.#closing.signal.aborted;
      status = isInterrupted ? 'interrupted' : signal.aborted ? 'cancelled' : 'failed';
      message = (error as Error).message;
    } finally {
      clearInterval(beat);
    }
    if (status === 'succeeded' && message === undefined) {
      if (lease) await this.#store.forget(id);
    } else {
      if (!lease) await this.#store.begin(id, definition.name, runner);
      await this.#store.beat(id, progress);
      await this.#store.end(id, status, message);
      await this.#store.trim(definition.name);
    }
    onEnd?.(definition.name, status, (performance.now() - started) / 1000, thrown);
    return status;
  }

  /** Renews the lease and shows the progress; false when the run shall end. */
  async #beat(id: string, lease: Lease | undefined, progress: JobProgress | undefined): Promise<boolean> {
    if (lease && !(await this.#store.renew(lease, this.#leaseMilliseconds))) return false;
    return !(await this.#store.beat(id, progress));
  }

  #view(job: string, lease: Lease | undefined, signal: AbortSignal, show: (progress: JobProgress) => void): JobRun {
    const fenced = <T>(body: () => Promise<T>): Promise<T> =>
      this.#store.transaction(async () => {
        if (lease && !(await this.#store.holds(lease))) throw new LeaseLost(job);
        return body();
      });
    return {
      signal,
      checkpoint: lease?.checkpoint,
      progress: show,
      save: (checkpoint) => fenced(async () => lease && this.#store.save(lease, checkpoint)),
      fenced,
    };
  }

  get #leaseMilliseconds(): number {
    return this.#options.lease ?? LEASE_MILLISECONDS;
  }
}
