import type { TObject } from 'typebox';
import { Type } from 'typebox';
import type { ApiOperation } from './operation.ts';

/** RFC 9457, as the platform's own API answers every error. */
const Problem = Type.Object({
  type: Type.String({ description: 'Address of the documentation of the code.' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String({ description: 'What is wrong, and how to mend it.' }),
  code: Type.String(),
  field: Type.Optional(Type.String({ description: 'The field that is wrong.' })),
  request_id: Type.Optional(Type.String()),
});

/** The OpenAPI 3.1 document of tables of operations. */
export function openApiDocument(tables: readonly Readonly<Record<string, ApiOperation>>[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, operation] of tables.flatMap((table) => Object.entries(table))) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describe(name, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'MLOps platform API',
      version: 'v1',
      description:
        'Deployments, predictions, audit and quotas. Tracking and registry speak MLflow’s REST interface, inference the Open Inference Protocol and KServe V1, on the same address.',
    },
    paths,
    components: { schemas: { Problem: plain(Problem) } },
  };
}

function describe(name: string, operation: ApiOperation) {
  const problem = {
    description: 'Refused or failed.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  return {
    operationId: name,
    summary: operation.summary,
    tags: [operation.path.split('/')[3]],
    parameters: [...parameters(operation.params, 'path'), ...parameters(operation.query, 'query')],
    ...(operation.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: plain(operation.body) } } } }),
    responses: {
      [operation.status]: {
        description: 'Done.',
        content: { 'application/json': { schema: plain(operation.response) } },
      },
      default: problem,
    },
  };
}

function parameters(schema: TObject, place: 'path' | 'query') {
  return Object.entries(schema.properties).map(([name, value]) => ({
    name,
    in: place,
    required: place === 'path' || (schema.required ?? []).includes(name),
    ...((value as { description?: string }).description === undefined
      ? {}
      : { description: (value as { description?: string }).description }),
    schema: plain(value),
  }));
}

/** A schema as plain JSON, without what TypeBox keeps beside it. */
function plain(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema));
}
