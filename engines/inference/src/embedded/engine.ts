import { availableParallelism } from 'node:os';
import { PlatformError, toPlatformError } from '@mlops/errors';
import { checked, type ModelShape } from '../decoding/codec.ts';
import { DecodingThread } from '../decoding/decoding-thread.ts';
import {
  type Answer,
  DEFAULT_NAMESPACE,
  type DecodedRequest,
  type Enrich,
  type Inference,
  type InferenceEngine,
  type InferRequest,
  type InvocationsRequest,
  type LoadedModel,
  type ModelMetadata,
  type ModelSource,
  type RequestTrace,
  type VersionShare,
  type WireRequest,
} from '../engine.ts';
import { decodeInvocations } from '../scoring/decode.ts';
import { keyProblem, mismatch } from '../scoring/signature.ts';
import type { TensorData } from '../tensor.ts';
import { readModel } from './model-folder.ts';
import { ModelPool } from './pool.ts';

interface Model extends ModelShape {
  readonly key: string;
  readonly version: string;
  readonly golden: InvocationsRequest | undefined;
  readonly features: string | undefined;
  /** Threads that the runtime has for it besides the model threads. */
  readonly extraThreads: number;
  running: number;
  /** Set while the version waits for its last requests. */
  idle: (() => void) | undefined;
}

interface Served {
  readonly versions: Map<string, Model>;
  traffic: readonly VersionShare[];
}

export interface InferenceOptions {
  /** Threads that run models; 0 or absent: one fewer than the processors, at least one. */
  readonly threads?: number;
  /** Requests that may wait for one thread; what exceeds it is refused as OVERLOADED. @default 1000 */
  readonly queue?: number;
  /** How long one run, or one load with its first run, may take; then it fails as TIMEOUT. @default 30 */
  readonly timeoutSeconds?: number;
  /** Asked for models that are loaded with a feature service. */
  readonly enrich?: Enrich;
}

const QUEUE = 1000;
const TIMEOUT_SECONDS = 30;
const PROCESSORS = availableParallelism();
/** More would only wait for each other. */
const EXTRA_THREADS_PER_PROCESSOR = 4;

/** The inference engine in this process: ONNX models in threads of their own. */
export function openInference(options: InferenceOptions = {}): InferenceEngine {
  const threads = options.threads || Math.max(1, availableParallelism() - 1);
  const { queue = QUEUE, timeoutSeconds = TIMEOUT_SECONDS } = options;
  return new EmbeddedInference({
    threads,
    pool: new ModelPool({ threads, queue, timeoutSeconds }),
    decoding: new DecodingThread(),
    enrich: options.enrich,
    extraThreads: 0,
    namespaces: new Map(),
  });
}

/** What all namespaces have together. */
interface Shared {
  readonly threads: number;
  readonly pool: ModelPool;
  readonly decoding: DecodingThread;
  readonly enrich: Enrich | undefined;
  extraThreads: number;
  readonly namespaces: Map<string, EmbeddedInference>;
}

class EmbeddedInference implements InferenceEngine {
  readonly #shared: Shared;
  readonly #namespace: string;
  readonly #pool: ModelPool;
  readonly #models = new Map<string, Served>();
  /** Versions that are being loaded, as name and version. */
  readonly #loading = new Set<string>();
  /** Why models that are meant to be served are not. */
  readonly #announced = new Map<string, string>();

  constructor(shared: Shared, name = DEFAULT_NAMESPACE) {
    this.#shared = shared;
    this.#namespace = name;
    this.#pool = shared.pool;
    shared.namespaces.set(name, this);
  }

  namespace(name: string): EmbeddedInference {
    return this.#shared.namespaces.get(name) ?? new EmbeddedInference(this.#shared, name);
  }

  async load(name: string, version: string, source: ModelSource): Promise<LoadedModel> {
    const place = JSON.stringify([name, version]);
    if (this.#loading.has(place) || this.#models.get(name)?.versions.has(version)) {
      throw new PlatformError('CONFLICT', `Version ${version} of model '${name}' is loaded.`);
    }
    this.#loading.add(place);
    try {
      const model = await this.#open(version, source);
      const served = this.#models.get(name) ?? { versions: new Map<string, Model>(), traffic: [] };
      this.#models.set(name, served);
      served.versions.set(version, model);
      return { name, version, inputs: model.inputs, outputs: model.outputs, golden: model.golden };
    } finally {
      this.#loading.delete(place);
    }
  }

  async #open(version: string, { path, options = {} }: ModelSource): Promise<Model> {
    const { onnxPath, session, signature, golden } = await readModel(path);
    const { workers = this.#shared.threads, keyColumn, features } = options;
    if (features !== undefined && this.#shared.enrich === undefined) {
      throw new PlatformError('NOT_IMPLEMENTED', 'features: this server has no feature services.', {
        field: 'features',
      });
    }
    const key = crypto.randomUUID();
    const copies = Math.min(Math.max(workers, 1), this.#shared.threads);
    const wanted = options.intraOpThreads ?? session.intraOpThreads;
    const left = Math.floor((PROCESSORS * EXTRA_THREADS_PER_PROCESSOR - this.#shared.extraThreads) / copies);
    const intraOpThreads = Math.max(1, Math.min(wanted, PROCESSORS, 1 + left));
    const extraThreads = (intraOpThreads - 1) * copies;
    this.#shared.extraThreads += extraThreads;
    const file = { key, path: onnxPath, options: { ...session, intraOpThreads }, copies };
    const loaded = await this.#pool.load(file).catch((error: unknown) => {
      this.#shared.extraThreads -= extraThreads;
      throw error;
    });
    const problem =
      keyProblem(loaded.inputs, signature, keyColumn) ?? (signature && mismatch(signature, loaded.inputs, keyColumn));
    if (problem !== undefined) {
      await this.#pool.unload(key);
      this.#shared.extraThreads -= extraThreads;
      throw new PlatformError('INVALID_MODEL', `The model cannot be served: ${problem}.`);
    }
    const shape = { signature, golden, ...loaded, keyColumn, features };
    return { key, version, ...shape, extraThreads, running: 0, idle: undefined };
  }

  async verify(name: string, version: string): Promise<void> {
    const { golden } = this.#model(name, version);
    // Without an example nothing is known that the model must answer; the threads have run it once on zeros.
    if (!golden) return;
    const { outputs } = await this.invoke(name, version, golden).catch((error: unknown) => {
      // What says nothing about the model stays what it is.
      if (toPlatformError(error).status >= 429) throw error;
      const reason = (error as Error).message;
      throw new PlatformError('INVALID_MODEL', `The model does not answer its input example: ${reason}`, {
        cause: error,
      });
    });
    const odd = outputs.find(({ data }) => !isFinite(data));
    if (!odd) return;
    throw new PlatformError(
      'INVALID_MODEL',
      `The model answers its input example with values that are not finite, in output '${odd.name}'.`,
    );
  }

  route(name: string, traffic: readonly VersionShare[]): void {
    for (const { version } of traffic) this.#model(name, version);
    const served = this.#models.get(name);
    if (served) served.traffic = traffic.filter(({ weight }) => weight > 0);
  }

  async unload(name: string, version: string): Promise<void> {
    const served = this.#models.get(name);
    const model = served?.versions.get(version);
    if (!served || !model) return;
    served.versions.delete(version);
    served.traffic = served.traffic.filter((share) => share.version !== version);
    if (served.versions.size === 0) this.#models.delete(name);
    if (model.running > 0) await new Promise<void>((resolve) => (model.idle = resolve));
    await this.#pool.unload(model.key);
    this.#shared.extraThreads -= model.extraThreads;
  }

  announce(name: string, reason: string | undefined): void {
    if (reason === undefined) this.#announced.delete(name);
    else this.#announced.set(name, reason);
  }

  models(): readonly string[] {
    return [...this.#models].filter(([, served]) => served.traffic.length > 0).map(([name]) => name);
  }

  isReady(name: string, version?: string): boolean {
    const served = this.#models.get(name);
    if (!served) return false;
    const wanted = version === undefined ? served.traffic.map((share) => share.version) : [version];
    const models = wanted.map((each) => served.versions.get(each));
    return models.length > 0 && models.every((model) => model !== undefined && this.#pool.has(model.key));
  }

  isServing(): boolean {
    const served = [...this.#shared.namespaces.values()].flatMap((each) => each.#readiness());
    return !this.#pool.isExhausted && (served.length === 0 || served.some(Boolean));
  }

  #readiness(): boolean[] {
    return this.models().map((name) => this.isReady(name));
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

  async infer(name: string, version: string | undefined, request: InferRequest): Promise<Inference> {
    const model = this.#model(name, version);
    return this.#using(model, () => this.#run(model, { ...request, ...checked(request, model) }));
  }

  async invoke(name: string, version: string | undefined, request: InvocationsRequest): Promise<Inference> {
    const model = this.#model(name, version);
    return this.#using(model, () => this.#run(model, decodeInvocations(request, model)));
  }

  async answer(
    name: string,
    version: string | undefined,
    ownId: string,
    request: WireRequest,
    trace: RequestTrace = {},
  ): Promise<Answer> {
    const model = this.#model(name, version);
    trace.version = model.version;
    const { decoded, id, inference } = await this.#using(model, async () => {
      const decoded = await this.#decode(request, model, trace);
      const { id = ownId, inputs, keys } = decoded;
      Object.assign(trace, { id, inputs, keys } satisfies RequestTrace);
      return { decoded, id, inference: await this.#run(model, decoded) };
    });
    const { protocol } = request;
    const { outputs } = inference;
    const answered = { protocol, id, name, version: model.version, outputs, rows: decoded.rows };
    return { ...inference, id, body: await this.#shared.decoding.encode(answered) };
  }

  #decode(request: WireRequest, model: Model, trace: RequestTrace): Promise<DecodedRequest> {
    const { decoding, enrich } = this.#shared;
    const { features } = model;
    if (features === undefined || enrich === undefined) return decoding.decode(request, model);
    const wanted = wantedColumns(model);
    return decoding.decodeFilled(request, model, async ({ rows, columns }) => {
      const filled = await enrich(this.#namespace, features, { rows, columns, wanted });
      trace.features = filled.served;
      return { rows, columns: filled.columns };
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.#shared.decoding.close();
  }

  async #run(model: Model, { inputs, outputs: wanted, keys }: Omit<DecodedRequest, 'rows'>): Promise<Inference> {
    const request = wanted ? { inputs, outputs: wanted } : { inputs };
    const outputs = await this.#pool.run(model.key, model.inputs, request, this.#namespace);
    return { modelVersion: model.version, inputs, outputs, keys };
  }

  /** Until the body ends the model stays loaded, also where another version takes its place meanwhile. */
  async #using<T>(model: Model, body: () => Promise<T>): Promise<T> {
    model.running += 1;
    try {
      return await body();
    } finally {
      model.running -= 1;
      if (model.running === 0) model.idle?.();
    }
  }

  #model(name: string, version: string | undefined): Model {
    const served = this.#models.get(name);
    const wanted = version ?? chosen(served?.traffic ?? []);
    const model = wanted === undefined ? undefined : served?.versions.get(wanted);
    if (model) return model;
    const reason = this.#announced.get(name);
    if (reason !== undefined) throw new PlatformError('NOT_READY', `Model '${name}' is not ready: ${reason}`);
    if (!served) throw new PlatformError('NOT_FOUND', `Model '${name}' does not exist.`);
    if (wanted === undefined) throw new PlatformError('NOT_READY', `Model '${name}' is not ready.`);
    throw new PlatformError('NOT_FOUND', `Model '${name}' has no version '${wanted}'.`);
  }
}

/** The columns of a table that the model is asked with, and that which names the row. */
function wantedColumns({ inputs, signature, keyColumn }: ModelShape): string[] {
  const schema = signature?.input;
  const names =
    schema?.kind === 'columns' ? schema.columns.flatMap(({ name }) => name ?? []) : inputs.map(({ name }) => name);
  return keyColumn === undefined ? names : [...names, keyColumn];
}

/** One of the versions, by chance and weight. */
function chosen(traffic: readonly VersionShare[]): string | undefined {
  if (traffic.length <= 1) return traffic[0]?.version;
  let at = Math.random() * traffic.reduce((sum, { weight }) => sum + weight, 0);
  for (const { version, weight } of traffic) {
    at -= weight;
    if (at < 0) return version;
  }
  return traffic.at(-1)?.version;
}

function isFinite(data: TensorData): boolean {
  if (Array.isArray(data) || data instanceof BigInt64Array || data instanceof BigUint64Array) return true;
  return data.every(Number.isFinite);
}
