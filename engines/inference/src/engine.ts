/** The Open Inference Protocol's datatypes that ONNX Runtime for Node can hold. */
export type Datatype =
  | 'BOOL'
  | 'UINT8'
  | 'UINT16'
  | 'UINT32'
  | 'UINT64'
  | 'INT8'
  | 'INT16'
  | 'INT32'
  | 'INT64'
  | 'FP16'
  | 'FP32'
  | 'FP64'
  | 'BYTES';

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where any size is accepted. */
  readonly shape: readonly number[];
}

export type TensorValue = number | string | boolean | null;

/** A tensor as JSON carries it: values flat, row by row. INT64 beyond 2^53 and what is not finite are strings. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: readonly TensorValue[];
}

export interface InferRequest {
  /** Echoed; made by the caller, so that what is logged and what is answered agree. */
  readonly id: string;
  readonly inputs: readonly Tensor[];
  /** Names of the outputs that are wanted; absent: all. */
  readonly outputs?: readonly string[];
}

export interface InferResponse {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  readonly outputs: readonly Tensor[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: 'onnx_onnxv1';
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** A request of MLflow's scoring protocol: exactly one of the four inputs is present. */
export interface InvocationsRequest {
  readonly dataframe_split?: unknown;
  readonly dataframe_records?: unknown;
  readonly instances?: unknown;
  readonly inputs?: unknown;
  readonly params?: unknown;
}

/** What a model is loaded from: a folder with an MLmodel file, or an .onnx file. */
export interface ModelSource {
  readonly path: string;
  readonly options?: ModelOptions;
}

export interface ModelOptions {
  /** Threads that ONNX Runtime uses inside of one run; default 1. */
  readonly intraOpThreads?: number;
  /** Worker threads that each hold a copy of the model; default: the engine's number. */
  readonly workers?: number;
}

/** A request that the model must answer before it counts as ready. */
export interface GoldenRequest {
  readonly protocol: 'invocations';
  readonly body: InvocationsRequest;
}

export interface LoadedModel {
  readonly name: string;
  readonly version: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The logged input example, if the model has one. */
  readonly golden: GoldenRequest | undefined;
  /** MLmodel's signature, as MLflow wrote it; undefined for a bare .onnx file. */
  readonly signature: unknown;
}

/**
 * The operations of a model server, without HTTP. Several versions of a model can be loaded; one of them is served
 * where a request names none. All refusals are PlatformErrors: NOT_FOUND for an unknown model or version, NOT_READY,
 * INVALID_TENSOR (names input, expected, received), INVALID_MODEL (load), OVERLOADED.
 */
export interface InferenceEngine {
  /** Loads a version beside those that are there; it is not served until `serve` names it. */
  load(name: string, version: string, source: ModelSource): Promise<LoadedModel>;
  /** Runs the golden request (without one: a request of ones in the declared shapes) and checks that the answer is finite. */
  verify(name: string, version: string): Promise<void>;
  /** From now on requests without a version go to this one. */
  serve(name: string, version: string): void;
  /** Waits for running requests, then frees the version. */
  unload(name: string, version: string): Promise<void>;
  /** Names of the models of which a version is served. */
  models(): readonly string[];
  isReady(name: string, version?: string): boolean;
  metadata(name: string, version?: string): ModelMetadata;
  infer(name: string, version: string | undefined, request: InferRequest): Promise<InferResponse>;
  /** MLflow's scoring protocol, with the signature enforced; the answer is the value of `predictions`. */
  invoke(name: string, version: string | undefined, request: InvocationsRequest): Promise<InvokeResponse>;
  /** KServe V1: `instances` (rows, or objects by input name) or `inputs`; the answer is the value of `predictions`. */
  predict(name: string, version: string | undefined, body: PredictRequest): Promise<InvokeResponse>;
  close(): Promise<void>;
}

export interface PredictRequest {
  readonly instances?: unknown;
  readonly inputs?: unknown;
}

export interface InvokeResponse {
  readonly modelVersion: string;
  readonly predictions: unknown;
  /** What the model was given and what it answered, by tensor, for the prediction log. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}
