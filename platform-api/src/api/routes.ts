import { Readable } from 'node:stream';
import type { Pipeline } from '@mlops/operations';
import { callerOf } from '@mlops/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { decodeText, decodeValue } from './decode.ts';
import type { ApiOperation, ServedTable } from './operation.ts';

const BODY_BYTES_MAX = 16 * 1024 * 1024;

/** Serves a module's table: decode, pipeline, handler, status. */
export function serveTable(app: FastifyInstance, { operations, handlers }: ServedTable, pipeline: Pipeline): void {
  for (const [name, operation] of Object.entries(operations)) {
    const handle = handlers[name] as (request: unknown, caller: unknown) => Promise<unknown>;
    app.route({
      method: operation.method,
      url: operation.path,
      bodyLimit: BODY_BYTES_MAX,
      handler: async (request, reply) => {
        const input = decode(operation, request);
        const caller = callerOf(request);
        const result = await pipeline({ name, operation, input, caller }, () => handle(input, caller));
        if (result instanceof Readable) reply.type(mediaType(operation));
        return reply.code(operation.status).send(result);
      },
    });
  }
}

/** JSON, unless the row's response says otherwise. */
export function mediaType({ response }: Pick<ApiOperation, 'response'>): string {
  return (response as { contentMediaType?: string }).contentMediaType ?? 'application/json';
}

/** The names of a row's path, in order. */
export function pathParameters({ path }: Pick<ApiOperation, 'path'>): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}

export function takesBody({ method }: Pick<ApiOperation, 'method'>): boolean {
  return method !== 'GET' && method !== 'DELETE';
}

function decode(operation: ApiOperation, request: FastifyRequest): unknown {
  const params = request.params as Record<string, unknown>;
  if (!takesBody(operation)) return decodeText(operation.request, { ...(request.query as object), ...params });
  // A query beside a body means nothing here, and is refused as any unknown field is.
  decodeText(Type.Object({}, { additionalProperties: false }), request.query);
  const body = request.body ?? {};
  if (typeof body !== 'object' || Array.isArray(body)) return decodeValue(operation.request, body);
  return decodeValue(operation.request, { ...body, ...params });
}
