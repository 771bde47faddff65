import { availableParallelism } from 'node:os';
import { PlatformError } from '@mlops/errors';
import type {
  Inference,
  InferenceEngine,
  InferRequest,
  InvocationsRequest,
  LoadedModel,
  ModelMetadata,
  ModelSource,
  Predictions,
  PredictRequest,
  Tensor,
  TensorMetadata,
} from '../engine.ts';
import { checkShape, fromJson, inputNamed, sizeOf } from '../tensor.ts';
import {
  type DecodedRequest,
  decodeInvocations,
  decodePredict,
  encodePredictions,
  encodeV1,
  type ModelInputs,
} from './invocations.ts';
import { readModel } from './model-folder.ts';
import { ModelPool } from './pool.ts';

interface Model extends ModelInputs {
  readonly key: string;
  readonly version: string;
  readonly outputs: readonly TensorMetadata[];
  readonly golden: InvocationsRequest | undefined;
  running: number;
  /** Set while the version waits for its last requests. */
  idle: (() => void) | undefined;
}

interface Served {
  readonly versions: Map<string, Model>;
  live: string | undefined;
}

export interface InferenceOptions {
  /** Threads that run models; 0 or absent: one fewer than the processors, at least one. */
  readonly threads?: number;
}

/** The inference engine in this process: ONNX models in threads of their own. */
export function openInference(options: InferenceOptions = {}): InferenceEngine {
  const threads = options.threads || Math.max(1, availableParallelism() - 1);
  return new EmbeddedInference(threads);
}

class EmbeddedInference implements InferenceEngine {
  readonly #threads: number;
  readonly #pool: ModelPool;
  readonly #models = new Map<string, Served>();

  constructor(threads: number) {
    this.#threads = threads;
    this.#pool = new ModelPool(threads);
  }

  async load(name: string, version: string, { path, options = {} }: ModelSource): Promise<LoadedModel> {
    if (this.#models.get(name)?.versions.has(version)) {
      throw new PlatformError('CONFLICT', `Version ${version} of model '${name}' is loaded.`);
    }
    const { onnxPath, signature, golden } = await readModel(path);
    const key = `${name}/${version}/${crypto.randomUUID()}`;
    const copies = Math.min(options.workers ?? this.#threads, this.#threads);
    const loaded = await this.#pool.load({ key, path: onnxPath, intraOpThreads: options.intraOpThreads ?? 1, copies });
    const served = this.#models.get(name) ?? { versions: new Map<string, Model>(), live: undefined };
    this.#models.set(name, served);
    served.versions.set(version, {
      key,
      version,
      signature,
      golden,
      inputs: loaded.inputs,
      outputs: loaded.outputs,
      keyColumn: options.keyColumn,
      running: 0,
      idle: undefined,
    });
    return { name, version, inputs: loaded.inputs, outputs: loaded.outputs, golden };
  }

  async verify(name: string, version: string): Promise<void> {
    const model = this.#model(name, version);
    let outputs: readonly Tensor[];
    try {
      outputs = model.golden
        ? (await this.invoke(name, version, model.golden)).outputs
        : (await this.infer(name, version, { inputs: model.inputs.map(ones) })).outputs;
    } catch (error) {
      throw new PlatformError(
        'INVALID_MODEL',
        `The model does not answer its input example: ${(error as Error).message}`,
        { cause: error },
      );
    }
    const odd = outputs.find(
      ({ data }) => !Array.isArray(data) && data.some((value) => typeof value === 'number' && !Number.isFinite(value)),
    );
    if (odd)
      throw new PlatformError(
        'INVALID_MODEL',
        `The model answers its input example with values that are not finite, in output '${odd.name}'.`,
      );
  }

  serve(name: string, version: string): void {
    this.#model(name, version);
    (this.#models.get(name) as Served).live = version;
  }

  async unload(name: string, version: string): Promise<void> {
    const served = this.#models.get(name);
    const model = served?.versions.get(version);
    if (!served || !model) return;
    served.versions.delete(version);
    if (served.live === version) served.live = undefined;
    if (served.versions.size === 0) this.#models.delete(name);
    if (model.running > 0) await new Promise<void>((resolve) => (model.idle = resolve));
    await this.#pool.unload(model.key);
  }

  models(): readonly string[] {
    return [...this.#models].filter(([, served]) => served.live !== undefined).map(([name]) => name);
  }

  isReady(name: string, version?: string): boolean {
    const served = this.#models.get(name);
    return version === undefined ? served?.live !== undefined : (served?.versions.has(version) ?? false);
  }

  metadata(name: string, version?: string): ModelMetadata {
    const { inputs, outputs } = this.#model(name, version);
    return {
      name,
      versions: [...(this.#models.get(name)?.versions.keys() ?? [])],
      platform: 'onnx_onnxv1',
      inputs,
      outputs,
    };
  }

  inputsOf(name: string, version?: string) {
    const { inputs, keyColumn } = this.#model(name, version);
    return { inputs, keyColumn };
  }

  infer(name: string, version: string | undefined, request: InferRequest): Promise<Inference> {
    const model = this.#model(name, version);
    const keyTensor =
      model.keyColumn === undefined ? undefined : request.inputs.find((input) => input.name === model.keyColumn);
    const inputs = keyTensor ? request.inputs.filter((input) => input !== keyTensor) : request.inputs;
    checkInputs(model, inputs);
    checkOutputs(model, request.outputs);
    const keys = keyTensor && Array.from(keyTensor.data as ArrayLike<unknown>, String);
    return this.#run(model, { ...request, inputs }, keys);
  }

  async invoke(name: string, version: string | undefined, request: InvocationsRequest): Promise<Predictions> {
    const model = this.#model(name, version);
    const decoded = decodeInvocations(request, model);
    const inference = await this.#runDecoded(model, decoded);
    return { ...inference, predictions: encodePredictions(inference.outputs, decoded.rows) };
  }

  async predict(name: string, version: string | undefined, request: PredictRequest): Promise<Predictions> {
    const model = this.#model(name, version);
    const inference = await this.#runDecoded(model, decodePredict(request, model));
    return { ...inference, predictions: encodeV1(inference.outputs) };
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  #runDecoded(model: Model, { inputs, keys }: DecodedRequest): Promise<Inference> {
    return this.#run(model, { inputs }, keys);
  }

  async #run(model: Model, request: InferRequest, keys: readonly string[] | undefined): Promise<Inference> {
    model.running += 1;
    try {
      const outputs = await this.#pool.run(model.key, request);
      return { modelVersion: model.version, inputs: request.inputs, outputs, keys };
    } finally {
      model.running -= 1;
      if (model.running === 0) model.idle?.();
    }
  }

  #model(name: string, version: string | undefined): Model {
    const served = this.#models.get(name);
    if (!served) throw new PlatformError('NOT_FOUND', `Model '${name}' does not exist.`);
    const wanted = version ?? served.live;
    if (wanted === undefined) throw new PlatformError('NOT_READY', `Model '${name}' is not ready.`);
    const model = served.versions.get(wanted);
    if (!model) throw new PlatformError('NOT_FOUND', `Model '${name}' has no version '${wanted}'.`);
    return model;
  }
}

function checkInputs({ inputs: expected }: Model, inputs: readonly Tensor[]): void {
  for (const { name, datatype, shape } of inputs) {
    const input = inputNamed(expected, name);
    if (datatype !== input.datatype) {
      throw new PlatformError('INVALID_TENSOR', `Input '${name}': expected ${input.datatype}, received ${datatype}.`, {
        field: name,
      });
    }
    checkShape(name, shape, input.shape);
  }
  const missing = expected.find(({ name }) => !inputs.some((input) => input.name === name));
  if (missing) {
    throw new PlatformError(
      'INVALID_TENSOR',
      `Input '${missing.name}' is missing: expected ${missing.datatype} of shape [${missing.shape.join(', ')}], received nothing.`,
      {
        field: missing.name,
      },
    );
  }
}

function checkOutputs({ outputs: known }: Model, outputs: readonly string[] | undefined): void {
  const unknown = outputs?.find((name) => !known.some((output) => output.name === name));
  if (unknown !== undefined) {
    throw new PlatformError(
      'INVALID_TENSOR',
      `Output '${unknown}' does not exist; the model has ${known.map(({ name }) => name).join(', ')}.`,
      { field: 'outputs' },
    );
  }
}

/** One of everything in an input's declared shape. */
function ones({ name, datatype, shape }: TensorMetadata): Tensor {
  const concrete = shape.map((size) => Math.max(size, 1));
  const value = datatype === 'BYTES' ? '' : 1;
  return {
    name,
    datatype,
    shape: concrete,
    data: fromJson(
      name,
      datatype,
      Array.from({ length: sizeOf(concrete) }, () => value),
    ),
  };
}
