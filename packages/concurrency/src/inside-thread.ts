import { type MessagePort, workerData } from 'node:worker_threads';

/** A request on its way to a thread. */
export interface Asked<Request> {
  readonly id: number;
  readonly request: Request;
}

/** A thread's answer: the result, or what is known of the error. */
export type Answered<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: ErrorFacts };

/** An error as it crosses between threads: its class is lost, its message and its own plain fields are not. */
interface ErrorFacts {
  readonly message: string;
  readonly [field: string]: unknown;
}

/** What a thread is started with. */
export interface ThreadData<Data> {
  readonly port: MessagePort;
  readonly data: Data;
}

/** For the program of a thread: the port on which it is asked, and the data that it was given. */
export function threadData<Data>(): ThreadData<Data> {
  return workerData as ThreadData<Data>;
}

/** For the program of a thread: answers every request by `handle`; buffers that `transferOf` names are moved, not copied. */
export function answerRequests<Request, Result>(
  handle: (request: Request) => Result | Promise<Result>,
  transferOf: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const { port } = threadData<unknown>();
  port.on('message', async ({ id, request }: Asked<Request>) => {
    try {
      const result = await handle(request);
      port.postMessage({ id, result } satisfies Answered<Result>, transferOf(result));
    } catch (error) {
      port.postMessage({ id, error: describeError(error) } satisfies Answered<Result>);
    }
  });
}

/** The message and the plain fields (code, field, errcode …) of what was thrown. */
export function describeError(thrown: unknown): ErrorFacts {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const plain = Object.entries(thrown).filter(([, value]) => typeof value === 'string' || typeof value === 'number');
  return { ...Object.fromEntries(plain), message: thrown.message };
}
