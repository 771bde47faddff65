import type { TensorData } from './tensor.ts';

/** The Open Inference Protocol's datatypes that ONNX Runtime for Node can hold. */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;
export type Datatype = (typeof DATATYPES)[number];

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 where any size is accepted. */
  readonly shape: readonly number[];
}

/** A tensor: its values lie flat, row by row. */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface InferRequest {
  readonly inputs: readonly Tensor[];
  /** Names of the outputs that are wanted; absent: all. */
  readonly outputs?: readonly string[];
}

/** What one run of a model took and gave: the answer, and what a prediction log keeps. */
export interface Inference {
  readonly modelVersion: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The rows' keys, where the model was loaded with a key column and the request had it. */
  readonly keys: readonly string[] | undefined;
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

/** The Open Inference Protocol, KServe V1, and MLflow's scoring protocol. */
export type Protocol = 'v2' | 'v1' | 'invocations';

/** A prediction as it comes in. */
export interface WireRequest {
  readonly protocol: Protocol;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The type and its parameters; only MLflow's protocol looks at it. */
  readonly contentType: string;
}

/** What a model is run with. */
export interface DecodedRequest extends InferRequest {
  /** The caller's id for the request. */
  readonly id?: string | undefined;
  readonly keys: readonly string[] | undefined;
  /** Rows of the table that the request is; undefined for tensors. The answer has the same form. */
  readonly rows: number | undefined;
}

/** An answer in the protocol that asked: JSON, as text or as its bytes. */
export interface Answer extends Inference {
  /** The caller's id for the request, or the server's own. */
  readonly id: string;
  readonly body: string | Uint8Array;
}

/** What a model is loaded from: a folder with an MLmodel file, or an .onnx file. */
export interface ModelSource {
  readonly path: string;
  readonly options?: ModelOptions;
}

export interface ModelOptions {
  /**
   * Threads that ONNX Runtime uses inside of one run; default 1. At most as many as there are processors, and fewer
   * where the models that are loaded have four for each processor already.
   */
  readonly intraOpThreads?: number;
  /** Worker threads that each hold a copy of the model; default: all of the engine's. */
  readonly workers?: number;
  /** An input that names the row and is not given to the model: it is reported with the prediction. */
  readonly keyColumn?: string;
  /** A feature service that fills inputs which a request lacks; the engine needs an `Enrich` for it. */
  readonly features?: string;
}

/** A request as a table, before the model's types are enforced. */
export interface EnrichmentRequest {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  /** Columns that the model, or the log, has a use for. */
  readonly wanted: readonly string[];
}

export interface Enrichment {
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  /** For each row what was filled in, for the log: plain JSON. */
  readonly served: readonly Readonly<Record<string, unknown>>[];
}

/** Fills what a request lacks from a feature service of a namespace. @throws what the caller is told */
export type Enrich = (namespace: string, service: string, request: EnrichmentRequest) => Promise<Enrichment>;

export interface LoadedModel {
  readonly name: string;
  readonly version: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The logged input example as a request of MLflow's scoring protocol, if the model has one. */
  readonly golden: InvocationsRequest | undefined;
}

/** How much of a model's traffic a version gets. */
export interface VersionShare {
  readonly version: string;
  readonly weight: number;
}

/** What is known of a request to a model before it is answered, or refused. */
export interface RequestTrace {
  /** The request's own id. */
  id?: string;
  /** The version that was chosen for it. */
  version?: string;
  inputs?: readonly Tensor[];
  keys?: readonly string[] | undefined;
  /** See `Enrichment.served`. */
  features?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Holds models. Several versions of a model can be loaded; those that have a share of its traffic answer requests that
 * name no version. Refusals are PlatformErrors: INVALID_MODEL, CONFLICT, TIMEOUT, NOT_READY.
 */
export interface ModelHost {
  /** Loads a version beside those that are there; it is not served until `route` names it. */
  load(name: string, version: string, source: ModelSource): Promise<LoadedModel>;
  /** Runs the golden request and checks that the answer is finite. A model without one passes: nothing is known of it. */
  verify(name: string, version: string): Promise<void>;
  /** From now on requests without a version are shared so, by chance; the weights are relative to each other. */
  route(name: string, traffic: readonly VersionShare[]): void;
  /** Frees the version once its running requests have finished. */
  unload(name: string, version: string): Promise<void>;
  /** While nothing of the name is served, requests are told that it is not ready, and why; without a reason, that it does not exist. */
  announce(name: string, reason: string | undefined): void;
  isReady(name: string, version?: string): boolean;
}

/**
 * Answers requests to models, in this process or at another server. Refusals are PlatformErrors: NOT_FOUND for an unknown
 * model or version, NOT_READY, INVALID_TENSOR (names input, expected, received), OVERLOADED, TIMEOUT (a run that takes
 * too long: its thread is given up and replaced).
 */
export interface Predictor {
  /** Names of the models of which a version is served. */
  models(): readonly string[];
  isReady(name: string, version?: string): boolean;
  /** Whether some thread of the server can run something that is served in any namespace; true where nothing is yet. */
  isServing(): boolean;
  metadata(name: string, version?: string): ModelMetadata;
  infer(name: string, version: string | undefined, request: InferRequest): Promise<Inference>;
  /** MLflow's scoring protocol, with the signature enforced: a body that is read already. */
  invoke(name: string, version: string | undefined, request: InvocationsRequest): Promise<Inference>;
  /**
   * A request of any of the protocols, from its bytes to the bytes of the answer; `id` names it if it does not itself.
   * @param trace is filled with what becomes known, also of a request that is refused then
   */
  answer(
    name: string,
    version: string | undefined,
    id: string,
    request: WireRequest,
    trace?: RequestTrace,
  ): Promise<Answer>;
}

/** Models under names of their own. */
type ModelNamespace = ModelHost & Predictor;

/** The namespace that an engine is itself. */
export const DEFAULT_NAMESPACE = 'default';

/** A model server, without HTTP. It is itself the namespace `default`; all namespaces share its threads. */
export interface InferenceEngine extends ModelNamespace {
  namespace(name: string): ModelNamespace;
  close(): Promise<void>;
}
