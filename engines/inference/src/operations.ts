import type { Operation } from '@mlops/operations';
import { Type } from 'typebox';

const any = Type.Unknown();
const model = { name: Type.String(), version: Type.Optional(Type.String()) };

const reads = { method: 'GET', access: 'read', effect: 'none', audited: false, response: any } as const;
const predicts = { method: 'POST', access: 'predict', effect: 'none', audited: false, response: any } as const;
const server = { ...reads, request: Type.Object({}), resource: { type: 'server' } } as const;
const oneModel = { request: Type.Object(model), resource: { type: 'model', field: 'name' } } as const;

/**
 * The Open Inference Protocol (V2), KServe V1 and MLflow's scoring protocol as one table. Predictions are not audit
 * entries: the prediction log keeps them.
 */
export const inferenceOperations = {
  serverMetadata: { ...server, path: '/v2' },
  serverLive: { ...server, path: '/v2/health/live' },
  serverReady: { ...server, path: '/v2/health/ready' },
  listModels: { ...server, path: '/v2/models' },
  modelMetadata: { ...reads, ...oneModel, path: '/v2/models/:name' },
  modelReady: { ...reads, ...oneModel, path: '/v2/models/:name/ready' },
  infer: { ...predicts, ...oneModel, path: '/v2/models/:name/infer' },
  listModelsV1: { ...server, path: '/v1/models' },
  modelReadyV1: { ...reads, ...oneModel, path: '/v1/models/:name' },
  /** The name carries its verb, `:predict`: Fastify cannot escape the colon, so the handler splits it. */
  predictV1: { ...predicts, ...oneModel, path: '/v1/models/:name' },
  invoke: { ...predicts, ...oneModel, path: '/invocations' },
  ping: { ...server, path: '/ping' },
  scoringVersion: { ...server, path: '/version' },
} as const satisfies Record<string, Operation>;

export type InferenceOperationName = keyof typeof inferenceOperations;

/** An operation's addresses: each of a V2 model exists with and without a version. */
export function pathsOf(name: InferenceOperationName): string[] {
  const { path } = inferenceOperations[name];
  const ofModel = '/v2/models/:name';
  return path.startsWith(ofModel) ? [path, path.replace(ofModel, `${ofModel}/versions/:version`)] : [path];
}
