export { type InferenceOptions, openInference } from './embedded/engine.ts';
export type {
  Enrich,
  Enrichment,
  EnrichmentRequest,
  InferenceEngine,
  LoadedModel,
  ModelHost,
  ModelMetadata,
  ModelOptions,
  ModelSource,
  Predictor,
  Tensor,
  TensorMetadata,
} from './engine.ts';
export { type InferenceOperationName, inferenceOperations, pathsOf } from './operations.ts';
export { type OnPrediction, type PredictionEvent, rowCount } from './prediction.ts';
export type { InferenceRoutesOptions } from './routes/door.ts';
export { inferenceRoutes } from './routes/inference.ts';
export { invocationsRoutes } from './routes/invocations.ts';
export { buildInferenceServer } from './server.ts';
export { type JsonValue, toJson } from './tensor.ts';
