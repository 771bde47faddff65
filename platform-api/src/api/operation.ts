import type { Access, Caller, Effect, HttpMethod } from '@mlops/operations';
import type { Static, TObject, TSchema } from 'typebox';
import { Type } from 'typebox';

/** A row of the platform API's own table. Parameters in the path are written {name}, as in OpenAPI. */
export interface ApiOperation {
  readonly method: HttpMethod;
  readonly path: `/api/v1/${string}`;
  readonly summary: string;
  readonly params: TObject;
  readonly query: TObject;
  readonly body: TSchema | undefined;
  readonly response: TSchema;
  readonly status: number;
  readonly access: Access;
  readonly effect: Effect;
  readonly audited: boolean;
  /** The resource type, and the parameter of path or body that names the resource. */
  readonly resource: { readonly type: string; readonly field?: string };
}

const none = Type.Object({}, { additionalProperties: false });

interface Shape<P extends TObject, Q extends TObject, B extends TSchema, R extends TSchema> {
  readonly summary: string;
  readonly access: Access;
  readonly resource: string;
  readonly field?: string;
  readonly effect?: Effect;
  /** Default: all that does not only read. Data that arrives by the thousand is none. */
  readonly audited?: boolean;
  readonly status?: number;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response: R;
}

/** A row; what reads has no effect and is not audited, all else is. */
export function apiOperation<
  R extends TSchema,
  P extends TObject = typeof none,
  Q extends TObject = typeof none,
  B extends TSchema = TSchema,
>(route: `${HttpMethod} /api/v1/${string}`, shape: Shape<P, Q, B, R>) {
  const [method, path] = route.split(' ') as [HttpMethod, `/api/v1/${string}`];
  const reads = shape.access === 'read' || shape.access === 'predict';
  return {
    method,
    path,
    summary: shape.summary,
    params: (shape.params ?? none) as P,
    query: (shape.query ?? none) as Q,
    body: shape.body as B,
    response: shape.response,
    status: shape.status ?? 200,
    access: shape.access,
    effect: shape.effect ?? (reads ? 'none' : 'transaction'),
    audited: shape.audited ?? !reads,
    resource: { type: shape.resource, ...(shape.field === undefined ? {} : { field: shape.field }) },
  } satisfies ApiOperation;
}

/** What a handler of a row receives. */
export interface ApiRequest<O extends ApiOperation> {
  readonly params: Static<O['params']>;
  readonly query: Static<O['query']>;
  readonly body: O['body'] extends TSchema ? Static<O['body']> : undefined;
  readonly caller: Caller;
}

export type ApiHandlers<Table extends Readonly<Record<string, ApiOperation>>> = {
  readonly [N in keyof Table]: (request: ApiRequest<Table[N]>) => Promise<Static<Table[N]['response']>>;
};

/** Query parameters of every list. */
export const pageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Items in a page.' })),
  page_token: Type.Optional(Type.String({ description: 'The next_page_token of the page before.' })),
};

/** The answer of every list: items by their noun, and a token while there are more. */
export function listOf<N extends string, T extends TSchema>(noun: N, item: T) {
  return Type.Object({
    [noun]: Type.Array(item),
    next_page_token: Type.Union([Type.String(), Type.Null()], { description: 'null on the last page.' }),
  } as { [K in N]: ReturnType<typeof Type.Array<T>> } & {
    next_page_token: ReturnType<typeof Type.Union<[ReturnType<typeof Type.String>, ReturnType<typeof Type.Null>]>>;
  });
}
