// A thread that holds models. ONNX Runtime for Node computes on the thread that calls it, so that is never the main one.
import { answerRequests } from '@mlops/concurrency';
import type * as Runtime from 'onnxruntime-node';
import type { Datatype, Tensor, TensorMetadata } from '../engine.ts';
import { newArray, sizeOf, type TensorData } from '../tensor.ts';
import { type Packed, type Unpacked, unpack } from './packing.ts';
import type { LoadReply, Reply, Request } from './protocol.ts';
import type { SessionOptions } from './session-options.ts';

const TYPES: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
};
const ORT_TYPES = Object.fromEntries(Object.entries(TYPES).map(([ort, datatype]) => [datatype, ort]));
const TRANSFER_BYTES_MIN = 4096;
const WARM_UP_VALUES_MAX = 1_000_000;
/** As many as a request may have: more would keep everybody waiting while they are handed over. */
const ANSWER_VALUES_MAX = 5_000_000;

interface Loaded extends LoadReply {
  readonly session: Runtime.InferenceSession;
}

const models = new Map<string, Loaded>();
/** Loaded with the first model: a platform that serves none pays nothing for it. */
let ort: typeof Runtime | undefined;

answerRequests<Request, Reply>(handle, ({ outputs = [] }) => outputs.flatMap(({ data }) => transferable(data)));

async function handle(request: Request): Promise<Reply> {
  const { model } = request;
  switch (request.kind) {
    case 'run':
      return { outputs: await run(model, request.inputs, request.outputs) };
    case 'load':
      return { loaded: await load(model, request.path, request.options) };
    case 'unload':
      await models.get(model)?.session.release();
      models.delete(model);
      return {};
  }
}

async function load(model: string, path: string, options: SessionOptions): Promise<LoadReply> {
  ort ??= await import('onnxruntime-node');
  const session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: options.intraOpThreads,
    interOpNumThreads: options.interOpThreads,
    executionMode: options.executionMode,
    graphOptimizationLevel: options.graphOptimizationLevel,
    logSeverityLevel: 4,
    extra: options.entries,
  });
  try {
    const described = { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe) };
    models.set(model, { session, ...described });
    await warmUp(model, described.inputs);
    return described;
  } catch (error) {
    models.delete(model);
    await session.release();
    throw error;
  }
}

function describe(metadata: Runtime.InferenceSession.ValueMetadata): TensorMetadata {
  const { name } = metadata;
  if (!metadata.isTensor) throw notTensor(name);
  const datatype = TYPES[metadata.type];
  if (!datatype) throw new Error(`'${name}' has the type ${metadata.type}, which cannot be served.`);
  return { name, datatype, shape: metadata.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) };
}

function notTensor(name: string): Error {
  return new Error(
    `'${name}' is not a tensor. A scikit-learn classifier is exported without ZipMap by skl2onnx's options={'zipmap': False}, LightGBM by onnxmltools' zipmap=False (with initial_types).`,
  );
}

/** The first run allocates what later ones use. Zeros may not be an input that the model can take: that is not the point. */
async function warmUp(model: string, inputs: readonly TensorMetadata[]): Promise<void> {
  const shapes = inputs.map(({ shape }) => shape.map((size) => Math.abs(size)));
  if (shapes.reduce((sum, shape) => sum + sizeOf(shape), 0) > WARM_UP_VALUES_MAX) return;
  const zeros = inputs.map(({ datatype }, i) => {
    const shape = shapes[i] ?? [];
    const size = sizeOf(shape);
    return { shape, data: datatype === 'BYTES' ? Array<string>(size).fill('') : newArray(datatype, size) };
  });
  await compute(model, zeros, undefined).catch(() => {});
}

async function run(model: string, packed: Packed, outputs: readonly string[] | undefined): Promise<Tensor[]> {
  const loaded = models.get(model);
  if (!loaded) throw new Error('the model is not loaded in this thread');
  return compute(model, unpack(loaded.inputs, packed), outputs);
}

async function compute(
  model: string,
  tensors: readonly Unpacked[],
  wanted: readonly string[] | undefined,
): Promise<Tensor[]> {
  const { session, inputs, outputs } = models.get(model) as Loaded;
  const feeds: Record<string, Runtime.Tensor> = {};
  inputs.forEach(({ name, datatype }, i) => {
    const { data, shape } = tensors[i] as Unpacked;
    feeds[name] = toRuntime(datatype, data, shape);
  });
  const results = await (wanted ? session.run(feeds, wanted) : session.run(feeds));
  const values = Object.values(results).reduce((sum, { size }) => sum + size, 0);
  if (values > ANSWER_VALUES_MAX) {
    throw new Error(`its answer has ${values} values, at most ${ANSWER_VALUES_MAX} are sent; ask for fewer rows.`);
  }
  return outputs.flatMap(({ name }) => {
    const result = results[name];
    if (!result) return [];
    return [{ name, datatype: TYPES[result.type] as Datatype, shape: [...result.dims], data: result.data }];
  });
}

/** The binding takes half floats as their bits, which the runtime's own class no longer makes. */
function toRuntime(datatype: Datatype, data: TensorData, dims: readonly number[]): Runtime.Tensor {
  const type = ORT_TYPES[datatype] as 'float32';
  const half = data instanceof Float16Array ? new Uint16Array(data.buffer, data.byteOffset, data.length) : undefined;
  if (half) return { type, dims, data: half, location: 'cpu', size: half.length } as unknown as Runtime.Tensor;
  return new (ort as typeof Runtime).Tensor(type, data as Float32Array, dims);
}

function transferable(data: TensorData): ArrayBuffer[] {
  if (Array.isArray(data) || data.byteLength < TRANSFER_BYTES_MIN || !(data.buffer instanceof ArrayBuffer)) return [];
  return [data.buffer];
}
