import { operation } from '@mlops/operations';
import { Type } from 'typebox';

const reads = { access: 'read', response: Type.Unknown() } as const;
const predicts = { access: 'predict', response: Type.Unknown() } as const;
const server = { ...reads, request: Type.Object({}), resource: { type: 'server' } } as const;
/** What is asked is not looked into here: the decoders of the protocols do. */
const oneModel = {
  request: Type.Object({ name: Type.String(), version: Type.Optional(Type.String()) }),
  resource: { type: 'model', id: ({ name }: { name: string }) => name },
} as const;

/**
 * The Open Inference Protocol (V2), KServe V1 and MLflow's scoring protocol as one table. Predictions are not audit
 * entries: the prediction log keeps them.
 */
export const inferenceOperations = {
  serverMetadata: operation('GET /v2', server),
  serverLive: operation('GET /v2/health/live', server),
  serverReady: operation('GET /v2/health/ready', server),
  listModels: operation('GET /v2/models', server),
  modelMetadata: operation('GET /v2/models/:name', { ...reads, ...oneModel }),
  modelReady: operation('GET /v2/models/:name/ready', { ...reads, ...oneModel }),
  infer: operation('POST /v2/models/:name/infer', { ...predicts, ...oneModel }),
  listModelsV1: operation('GET /v1/models', server),
  modelReadyV1: operation('GET /v1/models/:name', { ...reads, ...oneModel }),
  /** The name carries its verb, `:predict`: Fastify cannot escape the colon, so the handler splits it. */
  predictV1: operation('POST /v1/models/:name', { ...predicts, ...oneModel }),
  invoke: operation('POST /invocations', { ...predicts, ...oneModel }),
  ping: operation('GET /ping', server),
  scoringVersion: operation('GET /version', server),
};

export type InferenceOperationName = keyof typeof inferenceOperations;

/** An operation's addresses: each of a V2 model exists with and without a version. */
export function pathsOf(name: InferenceOperationName): string[] {
  const { path } = inferenceOperations[name];
  const ofModel = '/v2/models/:name';
  return path.startsWith(ofModel) ? [path, path.replace(ofModel, `${ofModel}/versions/:version`)] : [path];
}
