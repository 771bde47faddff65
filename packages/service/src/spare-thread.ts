import { Thread, ThreadEnded, Turns } from '@mlops/concurrency';
import { catalogue, type ErrorCode, PlatformError } from '@mlops/errors';

/** Requests that may wait for the thread: each holds its body. */
const WAITING_MAX = 32;

export interface SpareThreadOptions {
  /** Shown by debuggers and profilers. */
  readonly name: string;
  /** What its program may hold, in megabytes. */
  readonly heapMegabytes: number;
}

/** Does elsewhere, one after another, what would keep all other requests waiting. The thread starts when it is first needed. */
export class SpareThread<Request, Result> {
  readonly #program: URL;
  readonly #options: SpareThreadOptions;
  readonly #turns = new Turns();
  #thread: Thread<Request, Result> | undefined;
  #waiting = 0;

  /** @param program answers with `answerRequests` */
  constructor(program: URL, options: SpareThreadOptions) {
    this.#program = program;
    this.#options = options;
  }

  /** @throws what the program throws, PAYLOAD_TOO_LARGE if it runs out of memory, OVERLOADED */
  async ask(request: Request, transfer: ArrayBuffer[] = []): Promise<Result> {
    if (this.#waiting >= WAITING_MAX) {
      throw new PlatformError('OVERLOADED', 'Too many large requests wait to be read; try again later.');
    }
    this.#waiting += 1;
    try {
      return await this.#turns.take('thread', () => this.#open().send(request, transfer));
    } catch (error) {
      throw asPlatformError(error as Error);
    } finally {
      this.#waiting -= 1;
    }
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  #open(): Thread<Request, Result> {
    if (this.#thread) return this.#thread;
    const { name, heapMegabytes } = this.#options;
    const thread = new Thread<Request, Result>(this.#program, {
      name,
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytes },
      onEnd: () => {
        if (this.#thread === thread) this.#thread = undefined;
      },
    });
    this.#thread = thread;
    return thread;
  }
}

/** The bytes alone in their buffer, so that it can be moved to a thread. */
export function movable(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}

function asPlatformError(error: Error): Error {
  if (error instanceof ThreadEnded) {
    const what = 'The request needs more memory than one request may have; send it in parts.';
    return new PlatformError('PAYLOAD_TOO_LARGE', what, { cause: error });
  }
  const { code, field } = error as { code?: string; field?: string };
  if (code === undefined || !Object.hasOwn(catalogue, code)) return error;
  return new PlatformError(code as ErrorCode, error.message, field === undefined ? {} : { field });
}
