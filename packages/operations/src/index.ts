import type { TSchema } from 'typebox';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a caller needs for an operation; the policies decide on these words. */
export type Access = 'read' | 'write' | 'delete' | 'deploy' | 'predict' | 'administer';

/**
 * How an operation touches state, which tells the pipeline where its audit entry belongs:
 * - `none` changes nothing.
 * - `transaction` changes the database only: operation and audit entry commit together.
 * - `long` also loads, copies or streams: it must not hold a transaction open. It records its audit entry in the
 *   transaction of its own change, or the pipeline does when it has succeeded.
 */
export type Effect = 'none' | 'transaction' | 'long';

/** The thing that an operation touches. */
export interface ResourceRef {
  readonly type: string;
  readonly id: string;
}

/** One row of a protocol's table of operations: routing, authorisation, audit and documentation all read it. */
export interface Operation {
  readonly method: HttpMethod;
  /** Path below the protocol's prefix, parameters as `:name`. */
  readonly path: string;
  readonly request: TSchema;
  readonly response: TSchema;
  readonly access: Access;
  readonly effect: Effect;
  readonly audited: boolean;
  /** The resource type, and the request's field that names the resource (absent: the collection). */
  readonly resource: { readonly type: string; readonly field?: string };
  readonly summary?: string;
}

/** Who calls and from where, as far as a protocol's door can tell; `authorization` is the raw header. */
export interface Caller {
  readonly requestId: string;
  readonly ip: string;
  readonly authorization: string | undefined;
}

/** One call of one operation. */
export interface Call {
  readonly name: string;
  readonly operation: Pick<Operation, 'access' | 'effect' | 'audited'>;
  readonly resource: ResourceRef;
  readonly caller: Caller;
  /** The decoded request, where a gate may want to look into it. */
  readonly input?: unknown;
}

/** What every operation of every protocol passes through. */
export type Pipeline = <T>(call: Call, perform: () => Promise<T>) => Promise<T>;

/** The pipeline of an engine that runs alone: one user on this machine, nothing recorded. */
export const direct: Pipeline = (_call, perform) => perform();

/** The resource of a call, read from its input by the operation's row. */
export function resourceOf(operation: Pick<Operation, 'resource'>, input: unknown): ResourceRef {
  const { type, field } = operation.resource;
  const id = field === undefined ? undefined : (input as Record<string, unknown>)[field];
  return { type, id: typeof id === 'string' || typeof id === 'number' ? String(id) : '*' };
}
