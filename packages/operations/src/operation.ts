import type { Static, TSchema } from 'typebox';

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

/** A thing. The same thing always has the same id: `payments@champion`, `payments/3`, a run's id, an experiment's id. */
export interface ResourceRef {
  readonly type: string;
  readonly id: string;
}

/** The id of all things of a type together. */
export const COLLECTION = '*';

/** A thing as a request names it: by its id, or by a name whose id the thing's owner knows. */
export interface NamedResource extends ResourceRef {
  readonly name?: string;
  readonly parent?: ResourceRef;
}

/** How a row says which thing a request touches. */
export interface ResourceRule<Input = never, Output = never> {
  readonly type: string;
  /** The thing's id; without it the request touches the collection. */
  id?(input: Input): string | undefined;
  /** For a request that knows the thing by a name that is not its id. */
  name?(input: Input): string;
  /** What the thing lies in, and is owned with. */
  parent?(input: Input): ResourceRef | undefined;
  /** The id of what the operation has made. */
  created?(output: Output): string;
  /** The team that was acted upon, into whose audit log the entry belongs; without it that of who acts. */
  team?(input: Input, output: Output): string;
}

/** One row of a protocol's table of operations: routing, authorisation, audit and documentation all read it. */
export interface Operation {
  readonly method: HttpMethod;
  /** Further methods under which clients also call it. */
  readonly alsoMethods?: readonly HttpMethod[];
  /** Path below the protocol's prefix, parameters as `:name`, the rest of a path as `*`. */
  readonly path: string;
  /** All that the request says: what the path names, then the query (GET, DELETE) or the body. */
  readonly request: TSchema;
  readonly response: TSchema;
  /** HTTP status of success. */
  readonly status: number;
  readonly access: Access;
  readonly effect: Effect;
  readonly audited: boolean;
  /** Its effect lies outside of the database: the entry `attempted` is durable before it begins. */
  readonly announced?: boolean;
  readonly resource: ResourceRule;
  /** What belongs into the audit entry: never secrets, never model inputs. */
  readonly details?: (input: never, output: never) => Readonly<Record<string, unknown>>;
  readonly summary?: string;
}

export interface OperationShape<Request extends TSchema, Response extends TSchema> {
  readonly access: Access;
  readonly resource: ResourceRule<Static<Request>, Static<Response>>;
  readonly request: Request;
  readonly response: Response;
  /** Default: `none` for what reads or predicts, else `transaction`. */
  readonly effect?: Effect;
  /** Default: all that does not only read. Data that arrives by the thousand is none. */
  readonly audited?: boolean;
  readonly announced?: boolean;
  /** @default 200 */
  readonly status?: number;
  readonly alsoMethods?: readonly HttpMethod[];
  readonly details?: (input: Static<Request>, output: Static<Response>) => Readonly<Record<string, unknown>>;
  readonly summary?: string;
}

/**
 * A row of a table.
 * @example operation('GET /runs/get', { access: 'read', resource: { type: 'run', id: (input) => input.run_id }, … })
 */
export function operation<Request extends TSchema, Response extends TSchema>(
  route: `${HttpMethod} /${string}`,
  shape: OperationShape<Request, Response>,
) {
  const [method, path] = route.split(' ') as [HttpMethod, string];
  const reads = shape.access === 'read' || shape.access === 'predict';
  return {
    ...shape,
    method,
    path,
    status: shape.status ?? 200,
    effect: shape.effect ?? (reads ? 'none' : 'transaction'),
    audited: shape.audited ?? !reads,
  } satisfies Operation;
}

/** The thing that a request touches, as its row says. */
export function namedResource({ resource: rule }: Pick<Operation, 'resource'>, input: unknown): NamedResource {
  const given = input as never;
  const name = rule.name?.(given);
  const parent = rule.parent?.(given);
  return {
    type: rule.type,
    id: rule.id?.(given) ?? COLLECTION,
    ...(name === undefined ? {} : { name }),
    ...(parent === undefined ? {} : { parent }),
  };
}
