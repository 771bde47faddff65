import type { Operation } from './operation.ts';

/** Who calls and from where, as far as a protocol's door can tell; `authorization` is the raw header. */
export interface Caller {
  readonly requestId: string;
  readonly ip: string;
  readonly authorization: string | undefined;
}

/** One call of one operation. */
export interface Call {
  /** The operation's name in its table. */
  readonly name: string;
  readonly operation: Operation;
  /** The decoded request. */
  readonly input: unknown;
  readonly caller: Caller;
}

/** What every operation of every protocol passes through. */
export type Pipeline = <T>(call: Call, perform: () => Promise<T>) => Promise<T>;

/** The pipeline of an engine that runs alone: one user on this machine, nothing recorded. */
export const direct: Pipeline = (_call, perform) => perform();
