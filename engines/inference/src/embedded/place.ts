import { FairQueue, Thread, ThreadEnded } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import type { InferRequest, Tensor, TensorMetadata } from '../engine.ts';
import { pack } from './packing.ts';
import type { LoadReply, Reply, Request } from './protocol.ts';
import type { SessionOptions } from './session-options.ts';

const TRANSFER_BYTES_MIN = 4096;
/** Runs that a thread is given at a time. */
const BEGUN_MAX = 4;
const RESTART_MILLISECONDS = 100;
const RESTART_MILLISECONDS_MAX = 30_000;

/** The line of loads and unloads; no namespace is called so. */
const HOUSEKEEPING = 'loads and unloads';

export type ModelThread = Thread<Request, Reply>;

export interface ModelFile {
  /** Unique among everything that is loaded. */
  readonly key: string;
  readonly path: string;
  readonly options: SessionOptions;
  /** How many threads hold a copy. */
  readonly copies: number;
}

export interface PlaceOptions {
  readonly program: URL;
  /** How long a thread may take for one request. */
  readonly timeoutSeconds: number;
  /** Whether one more thread may be started; if not, what waits is refused. */
  readonly mayStart: () => boolean;
  /** Told when a thread is given up, and when one that was given up has ended after all. */
  readonly onStuck: (thread: ModelThread) => void;
  readonly onFreed: (thread: ModelThread) => void;
}

/** Something that the thread is to do. */
interface Task {
  readonly kind: Request['kind'];
  readonly key: string;
  /** Made when its turn comes: what a lost thread was given is lost with it. */
  readonly request: () => { request: Request; transfer: ArrayBuffer[] };
  readonly answer: PromiseWithResolvers<Reply>;
  /** Those that wait have their turns by lines. */
  readonly line: string;
  /** What a successful load leaves here; absent for a version that comes back after a loss. */
  readonly file?: ModelFile;
}

/**
 * A thread's place: the thread changes when it dies or does not come back, what it should hold does not. What waits
 * outlives the thread: it is kept here, and the thread is given only so much that it never waits.
 */
export class Place {
  readonly #options: PlaceOptions;
  /** What a new thread is given first. */
  readonly #wanted = new Map<string, ModelFile>();
  readonly #held = new Set<string>();
  /** What comes before all that waits: what a lost thread held, and what it had been given. */
  readonly #first: Task[] = [];
  readonly #queue = new FairQueue<Task>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #thread: ModelThread | undefined;
  /** What the thread was given and has not answered: it works on the first. */
  readonly #begun: Task[] = [];
  /** When the thread began with the first, by performance.now(). */
  #since = 0;
  #deadline: NodeJS.Timeout | undefined;
  #starting = false;
  #loading = 0;
  /** Deaths since a thread last answered a run. */
  #deaths = 0;
  #closing = false;
  #idle: (() => void) | undefined;

  constructor(options: PlaceOptions) {
    this.#options = options;
    this.#thread = this.#open();
  }

  /** Requests that have no answer yet. */
  get busy(): number {
    return this.#first.length + this.#queue.size + this.#begun.length;
  }

  /** Requests of a line that have no answer yet. */
  waiting(line: string): number {
    return this.#queue.waiting(line) + this.#begun.filter((task) => task.line === line).length;
  }

  get isLoading(): boolean {
    return this.#loading > 0;
  }

  /** Versions that a thread here holds, or should hold. */
  get size(): number {
    return this.#wanted.size;
  }

  /** Whether the thread can run the version now. */
  holds(key: string): boolean {
    return this.#held.has(key);
  }

  /** @throws TIMEOUT, NOT_READY, ThreadEnded, or Error with the runtime's message; the version is not here then */
  async load(file: ModelFile): Promise<LoadReply> {
    this.#loading += 1;
    try {
      const { loaded } = await this.#ask({ ...loadOf(file), file });
      if (!loaded) throw new Error('the model thread gave no answer');
      return loaded;
    } finally {
      this.#loading -= 1;
    }
  }

  /** @throws TIMEOUT, NOT_READY, ThreadEnded, or Error with the runtime's message */
  async run(
    key: string,
    inputs: readonly TensorMetadata[],
    asked: InferRequest,
    line: string,
  ): Promise<readonly Tensor[]> {
    const request = () => {
      const packed = pack(inputs, asked.inputs);
      const transfer = packed.numbers.byteLength < TRANSFER_BYTES_MIN ? [] : [packed.numbers];
      return { request: { kind: 'run', model: key, inputs: packed, outputs: asked.outputs } as const, transfer };
    };
    const answer = Promise.withResolvers<Reply>();
    const { outputs = [] } = await this.#ask({ kind: 'run', key, request, answer, line });
    return outputs;
  }

  async unload(key: string): Promise<void> {
    this.#held.delete(key);
    if (!this.#wanted.delete(key) || !this.#thread) return;
    const request = () => ({ request: { kind: 'unload', model: key } as const, transfer: [] });
    const answer = Promise.withResolvers<Reply>();
    await this.#ask({ kind: 'unload', key, request, answer, line: HOUSEKEEPING }).catch(() => {});
  }

  /** Starts a thread where there is none, if there may be one. */
  revive(): void {
    if (!this.#thread && !this.#starting && !this.#closing) this.#replace(0);
  }

  /** Ends the thread when it has answered what it was asked: stopped inside of the runtime it would take the process along. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const timer of this.#timers) clearTimeout(timer);
    if (!this.#thread) this.#refuseWaiting();
    if (this.busy > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
    await this.#thread?.close();
  }

  #ask(task: Task): Promise<Reply> {
    if (!this.#thread && (this.#closing || !this.#options.mayStart())) return Promise.reject(notReady());
    this.#queue.add(task.line, task);
    this.#next();
    return task.answer.promise;
  }

  #next(): void {
    while (this.#thread) {
      const task = this.#first[0] ?? this.#queue.next;
      if (!task || !this.#mayBegin(task)) break;
      if (this.#first.length > 0) this.#first.shift();
      else this.#queue.take();
      if (task.kind === 'run' && !this.#held.has(task.key)) task.answer.reject(notReady());
      else if (task.kind === 'load' && !task.file && !this.#wanted.has(task.key)) task.answer.resolve({});
      else this.#begin(task, this.#thread);
    }
    if (this.busy === 0) this.#idle?.();
  }

  /** Runs follow each other so closely that the thread never waits for the next; a load is alone with the thread. */
  #mayBegin({ kind }: Task): boolean {
    const [first] = this.#begun;
    return !first || (kind === 'run' && first.kind === 'run' && this.#begun.length < BEGUN_MAX);
  }

  #begin(task: Task, thread: ModelThread): void {
    this.#begun.push(task);
    if (this.#begun.length === 1) this.#watch();
    const settle = (apply: () => void) => {
      if (this.#thread !== thread) return;
      this.#begun.splice(this.#begun.indexOf(task), 1);
      if (this.#begun.length > 0) this.#watch();
      apply();
      this.#next();
    };
    const { request, transfer } = task.request();
    thread.send(request, transfer).then(
      (reply) => settle(() => this.#answer(task, reply)),
      (error: unknown) => {
        if (error instanceof ThreadEnded) this.#lose(thread, error);
        else settle(() => task.answer.reject(error));
      },
    );
  }

  /** Gives the thread its time for what it does now: what follows in the thread has not begun. */
  #watch(): void {
    this.#since = performance.now();
    this.#deadline ??= this.#judgeAfter(this.#options.timeoutSeconds * 1000);
  }

  /** One timer for many requests: it looks at the one that the thread works on when it rings. */
  #judgeAfter(milliseconds: number): NodeJS.Timeout {
    const judge = () => {
      this.#deadline = undefined;
      const [task] = this.#begun;
      if (!task || !this.#thread) return;
      const left = this.#since + this.#options.timeoutSeconds * 1000 - performance.now();
      if (left > 0) this.#deadline = this.#judgeAfter(left);
      else this.#giveUp(task, this.#thread);
    };
    // An answer that has arrived meanwhile is read first.
    return setTimeout(() => setImmediate(judge), milliseconds).unref();
  }

  #answer(task: Task, reply: Reply): void {
    if (task.kind === 'run') this.#deaths = 0;
    if (task.kind === 'load') {
      if (task.file) this.#wanted.set(task.key, task.file);
      this.#held.add(task.key);
    }
    task.answer.resolve(reply);
  }

  /** What an ended thread worked on fails with it. It is replaced when its end is reported. */
  #lose(thread: ModelThread, error: ThreadEnded): void {
    if (this.#thread !== thread) return;
    const lost = this.#begun.shift();
    this.#forget();
    lost?.answer.reject(error);
    this.#next();
  }

  /** A version that does not load in time is not tried again: it would cost a thread each time. */
  #giveUp(task: Task, thread: ModelThread): void {
    const { timeoutSeconds, onStuck } = this.#options;
    this.#begun.shift();
    this.#forget();
    if (task.kind === 'load') this.#wanted.delete(task.key);
    onStuck(thread);
    thread.abandon(`no answer within ${timeoutSeconds} s`);
    const what = task.kind === 'run' ? 'The model did not answer' : 'The model could not be loaded and run once';
    task.answer.reject(new PlatformError('TIMEOUT', `${what} within ${timeoutSeconds} s (inference-timeout).`));
    this.#replace(0);
  }

  /** What the lost thread had been given and not begun waits for the next one. */
  #forget(): void {
    this.#thread = undefined;
    this.#held.clear();
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#first.unshift(...this.#begun.splice(0));
  }

  #open(): ModelThread {
    const thread: ModelThread = new Thread(this.#options.program, { name: 'model', onEnd: () => this.#onEnd(thread) });
    return thread;
  }

  #onEnd(thread: ModelThread): void {
    this.#lose(thread, new ThreadEnded('the model thread has ended'));
    this.#options.onFreed(thread);
    if (this.#thread || this.#starting) return;
    // At once the first time; a thread that keeps dying is given more and more time, so that it does not eat the machine.
    const delay = this.#deaths === 0 ? 0 : Math.min(RESTART_MILLISECONDS * 2 ** this.#deaths, RESTART_MILLISECONDS_MAX);
    this.#deaths += 1;
    this.#replace(delay);
  }

  #replace(delay: number): void {
    if (this.#closing || !this.#options.mayStart()) {
      this.#refuseWaiting();
      return;
    }
    this.#starting = true;
    this.#after(delay, () => {
      this.#starting = false;
      this.#thread = this.#open();
      this.#first.unshift(...[...this.#wanted.values()].map((file) => this.#reload(file, RESTART_MILLISECONDS)));
      this.#next();
    });
  }

  /** The task that brings a version back; where the runtime refuses it for now, it is tried again later. */
  #reload(file: ModelFile, delay: number): Task {
    const task = loadOf(file);
    task.answer.promise.catch((error: unknown) => {
      if (error instanceof ThreadEnded || error instanceof PlatformError) return;
      this.#after(delay, () => {
        this.#queue.add(HOUSEKEEPING, this.#reload(file, Math.min(delay * 2, RESTART_MILLISECONDS_MAX)));
        this.#next();
      });
    });
    return task;
  }

  #refuseWaiting(): void {
    for (const { answer } of this.#first.splice(0)) answer.reject(notReady());
    for (let task = this.#queue.take(); task; task = this.#queue.take()) task.answer.reject(notReady());
    this.#next();
  }

  #after(milliseconds: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#closing) action();
    }, milliseconds);
    this.#timers.add(timer.unref());
  }
}

function loadOf({ key, path, options }: ModelFile): Task {
  const request = () => ({ request: { kind: 'load', model: key, path, options } as const, transfer: [] });
  return { kind: 'load', key, request, answer: Promise.withResolvers<Reply>(), line: HOUSEKEEPING };
}

export function notReady(): PlatformError {
  return new PlatformError('NOT_READY', 'The model is being loaded; try again.');
}
