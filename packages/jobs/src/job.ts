/** Work that runs by itself. */
export interface JobDefinition {
  readonly name: string;
  /** What it does, for people. */
  readonly summary: string;
  /** From the beginning of a run to the beginning of the next. */
  readonly everySeconds: number;
  /** `one`: one process among all that share the database. `each`: every process, for what only it has. */
  readonly runner: 'one' | 'each';
  /**
   * Does the work and says in a few words what was done; nothing, where there was nothing to do: such a run leaves no
   * line in the history. Between steps it looks at `signal` (`signal.throwIfAborted()`): what ends without throwing counts
   * as done.
   */
  readonly run: (run: JobRun) => Promise<string | undefined>;
}

export interface JobProgress {
  readonly done: number;
  readonly total: number;
}

/** A run, as the work sees it. */
export interface JobRun {
  /** Aborted when the run is cancelled, the process closes, or another process has taken the lease over. */
  readonly signal: AbortSignal;
  /** What `save` kept in a run that did not come to its end; undefined at a fresh start. */
  readonly checkpoint: unknown;
  /** Shown within seconds to whoever watches. */
  progress(progress: JobProgress): void;
  /** Keeps where to go on after a crash: a plain JSON value. @throws LeaseLost */
  save(checkpoint: unknown): Promise<void>;
  /**
   * Runs `body` in a transaction that commits only while this run holds the lease: what a process that was thought dead
   * does late, never happens. `body` may run again, see `Database.write`. @throws LeaseLost
   */
  fenced<T>(body: () => Promise<T>): Promise<T>;
}

/** Another process has taken the run over. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor(job: string) {
    super(`the lease of the job '${job}' has passed to another process`);
  }
}
