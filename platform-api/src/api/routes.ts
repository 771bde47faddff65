import type { Call, Pipeline } from '@mlops/operations';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { decodeText, decodeValue } from './decode.ts';
import type { ApiHandlers, ApiOperation, ApiRequest } from './operation.ts';

/** Serves a module's table: decode, pipeline, handler, status. */
export function serveOperations<Table extends Readonly<Record<string, ApiOperation>>>(
  app: FastifyInstance,
  table: Table,
  handlers: ApiHandlers<Table>,
  pipeline: Pipeline,
): void {
  for (const [name, operation] of Object.entries(table)) {
    const handle = handlers[name] as (request: ApiRequest<ApiOperation>) => Promise<unknown>;
    app.route({
      method: operation.method,
      url: operation.path.replace(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const decoded = decode(operation, request);
        const call = callOf(name, operation, decoded);
        const result = await pipeline(call, () => handle(decoded));
        return reply.code(operation.status).send(result);
      },
    });
  }
}

function decode(operation: ApiOperation, request: FastifyRequest): ApiRequest<ApiOperation> {
  return {
    params: decodeText(operation.params, request.params) as Record<string, string>,
    query: decodeText(operation.query, request.query) as Record<string, never>,
    body: (operation.body === undefined ? undefined : decodeValue(operation.body, request.body ?? {})) as undefined,
    caller: { requestId: request.id, ip: request.ip, authorization: request.headers.authorization },
  };
}

function callOf(name: string, operation: ApiOperation, { params, body, caller }: ApiRequest<ApiOperation>): Call {
  const { type, field } = operation.resource;
  const fields = { ...(body as object | undefined), ...params } as Record<string, unknown>;
  const id = field === undefined ? undefined : fields[field];
  return { name, operation, resource: { type, id: typeof id === 'string' ? id : '*' }, caller, input: body };
}
