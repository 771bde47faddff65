import { type Call, type HttpMethod, type Operation, type OperationShape, operation } from '@mlops/operations';
import type { Static, TObject, TSchema } from 'typebox';
import { Type } from 'typebox';

/** A row of the platform API's own table. */
export interface ApiOperation extends Operation {
  readonly path: `/api/v1/${string}`;
  readonly request: TObject;
  readonly summary: string;
}

const nothing = Type.Object({}, { additionalProperties: false });

/** A row. What the path does not name stands in the query (GET, DELETE) or in the body. */
export function apiOperation<Response extends TSchema, Request extends TObject = typeof nothing>(
  route: `${HttpMethod} /api/v1/${string}`,
  shape: Omit<OperationShape<Request, Response>, 'request' | 'summary'> & {
    readonly summary: string;
    readonly request?: Request;
  },
) {
  const { path, ...row } = operation(route, { ...shape, request: shape.request ?? (nothing as unknown as Request) });
  return { ...row, path: path as `/api/v1/${string}`, summary: shape.summary } satisfies ApiOperation;
}

/** What each row of a table is answered with: the request, decoded, and who calls. */
export type ApiHandlers<Table extends Readonly<Record<string, ApiOperation>>> = {
  readonly [N in keyof Table]: (
    request: Static<Table[N]['request']>,
    caller: Call['caller'],
  ) => Promise<Static<Table[N]['response']>>;
};

/** A table with its handlers, as a module gives it. */
export interface ServedTable {
  readonly operations: Readonly<Record<string, ApiOperation>>;
  readonly handlers: Readonly<Record<string, (request: never, caller: Call['caller']) => Promise<unknown>>>;
}

export function servedTable<Table extends Readonly<Record<string, ApiOperation>>>(
  operations: Table,
  handlers: ApiHandlers<Table>,
): ServedTable {
  return { operations, handlers };
}

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

/** A stream of bytes in place of a JSON answer. */
export const Lines = Type.Unsafe<NodeJS.ReadableStream>({ type: 'string', contentMediaType: 'application/x-ndjson' });
