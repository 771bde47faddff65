import { type TObject, Type } from 'typebox';
import type { ApiOperation } from './operation.ts';
import { mediaType, pathParameters, takesBody } from './routes.ts';

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

/** One of the platform's interfaces: what people look for together. */
export interface ApiGroup {
  readonly name: string;
  readonly description: string;
  readonly tables: readonly Readonly<Record<string, ApiOperation>>[];
}

/** The OpenAPI 3.1 document of groups of tables of operations. */
export function openApiDocument(groups: readonly ApiGroup[]) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { name: group, tables } of groups) {
    for (const [name, operation] of tables.flatMap((table) => Object.entries(table))) {
      const path = (paths[operation.path.replace(/:(\w+)/g, '{$1}')] ??= {});
      path[operation.method.toLowerCase()] = describe(name, operation, group);
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'MLOps platform API',
      version: 'v1',
      description:
        'Deployment, features, monitoring and administration. Tracking and registry speak MLflow’s REST interface, features Feast’s HTTP interface, inference the Open Inference Protocol and KServe V1, on the same address.',
    },
    tags: groups.map(({ name, description }) => ({ name, description })),
    paths,
    components: { schemas: { Problem: plain(Problem) } },
  };
}

function describe(name: string, operation: ApiOperation, group: string) {
  const problem = {
    description: 'Refused or failed.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  const names = pathParameters(operation);
  const inPath = part(operation.request, (field) => names.includes(field));
  const rest = part(operation.request, (field) => !names.includes(field));
  const hasBody = takesBody(operation);
  return {
    operationId: name,
    summary: operation.summary,
    tags: [group],
    parameters: [...parameters(inPath, 'path'), ...(hasBody ? [] : parameters(rest, 'query'))],
    ...(hasBody && Object.keys(rest.properties).length > 0
      ? { requestBody: { required: true, content: { 'application/json': { schema: plain(rest) } } } }
      : {}),
    responses: {
      [operation.status]: {
        description: 'Done.',
        content: { [mediaType(operation)]: { schema: plain(operation.response) } },
      },
      default: problem,
    },
  };
}

/** The fields of a request that stand in one place. */
function part(request: TObject, has: (field: string) => boolean): TObject {
  const fields = Object.entries(request.properties).filter(([field]) => has(field));
  const required = (request.required as readonly string[] | undefined)?.filter(has) ?? [];
  return { ...request, properties: Object.fromEntries(fields), required } as unknown as TObject;
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
