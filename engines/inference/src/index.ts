export { type InferenceOptions, openInference } from './embedded/engine.ts';
export type {
  InferenceEngine,
  LoadedModel,
  ModelMetadata,
  ModelOptions,
  ModelSource,
  Tensor,
  TensorMetadata,
} from './engine.ts';
export { inferenceOperations } from './operations.ts';
export type { OnPrediction, PredictionEvent } from './prediction.ts';
export { type InferenceRoutesOptions, inferenceRoutes, invocationsRoutes } from './routes.ts';
export { buildInferenceServer } from './server.ts';
export { type JsonValue, toJson } from './tensor.ts';
