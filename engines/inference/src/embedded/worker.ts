// A thread that holds models: ONNX Runtime's run blocks the thread that calls it (node_modules/onnxruntime-node does it
// on the event loop), so it is never the main one.
import { parentPort } from 'node:worker_threads';
import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import type { Datatype, Tensor, TensorMetadata } from '../engine.ts';
import type { TensorData } from '../tensor.ts';
import type { LoadReply, Reply, Request } from './protocol.ts';

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
const TRANSFER_BYTES_MIN = 65_536;

const port = parentPort;
if (!port) throw new Error('this module is a thread, not a program');
const sessions = new Map<string, InferenceSession>();
/** Loaded with the first model: a platform that serves none pays nothing for it. */
const runtime = () => import('onnxruntime-node');

port.on('message', (request: Request) => {
  void handle(request).then(
    ({ reply, transfer }) => port.postMessage(reply, transfer),
    (error: unknown) => port.postMessage({ id: request.id, error: (error as Error).message } satisfies Reply),
  );
});

async function handle(request: Request): Promise<{ reply: Reply; transfer: ArrayBuffer[] }> {
  const { id } = request;
  if (request.kind === 'load') return { reply: { id, loaded: await load(request) }, transfer: [] };
  if (request.kind === 'run') {
    const outputs = await run(request);
    return { reply: { id, outputs }, transfer: outputs.flatMap(({ data }) => transferable(data)) };
  }
  await sessions.get(request.model)?.release();
  sessions.delete(request.model);
  return { reply: { id }, transfer: [] };
}

async function load({ model, path, intraOpThreads }: Extract<Request, { kind: 'load' }>): Promise<LoadReply> {
  const ort = await runtime();
  const session = await ort.InferenceSession.create(path, {
    intraOpNumThreads: intraOpThreads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Waiting threads that spin would burn a processor after every request.
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  try {
    const reply = { inputs: session.inputMetadata.map(describe), outputs: session.outputMetadata.map(describe) };
    sessions.set(model, session);
    return reply;
  } catch (error) {
    await session.release();
    throw error;
  }
}

function describe(metadata: InferenceSession.ValueMetadata): TensorMetadata {
  const { name } = metadata;
  if (!metadata.isTensor) {
    throw new Error(
      `'${name}' is not a tensor. A scikit-learn classifier is exported without ZipMap by options={'zipmap': False}, LightGBM by zipmap=False.`,
    );
  }
  const datatype = TYPES[metadata.type];
  if (!datatype) throw new Error(`'${name}' has the type ${metadata.type}, which cannot be served.`);
  return { name, datatype, shape: metadata.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : -1)) };
}

async function run({ model, inputs, outputs }: Extract<Request, { kind: 'run' }>): Promise<Tensor[]> {
  const session = sessions.get(model);
  if (!session) throw new Error('the model is not loaded in this thread');
  const ort = await runtime();
  const feeds: Record<string, OrtTensor> = {};
  for (const { name, datatype, shape, data } of inputs) {
    feeds[name] = new ort.Tensor(ORT_TYPES[datatype] as 'float32', data as Float32Array, shape);
  }
  const results = await (outputs ? session.run(feeds, [...outputs]) : session.run(feeds));
  return session.outputNames.flatMap((name) => {
    const result = results[name];
    if (!result) return [];
    return [{ name, datatype: TYPES[result.type] as Datatype, shape: [...result.dims], data: result.data }];
  });
}

function transferable(data: TensorData): ArrayBuffer[] {
  if (Array.isArray(data) || data.byteLength < TRANSFER_BYTES_MIN || !(data.buffer instanceof ArrayBuffer)) return [];
  return [data.buffer];
}
