import { open, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { PlatformError } from '@mlops/errors';
import { parse } from 'yaml';
import type { InvocationsRequest } from '../engine.ts';
import { parseSignature, type Signature } from './signature.ts';

const MODEL_BYTES_MAX = 2 * 1024 ** 3;
const TEXT_BYTES_MAX = 32 * 1024 * 1024;

export interface ModelFolder {
  readonly onnxPath: string;
  readonly signature: Signature | undefined;
  readonly golden: InvocationsRequest | undefined;
}

interface MlModel {
  readonly flavors?: Record<string, { data?: unknown } | undefined>;
  readonly signature?: { inputs?: string | null } | null;
}

/**
 * Reads what a model folder (with an MLmodel file) or an .onnx file holds, without loading it.
 * @throws INVALID_MODEL with the reason; nothing but ONNX is ever opened as a model
 */
export async function readModel(path: string): Promise<ModelFolder> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw refuse('there is nothing at its path');
  if (found.isFile()) {
    await checkOnnx(path);
    return { onnxPath: path, signature: undefined, golden: undefined };
  }
  const model = await readMlModel(path);
  const flavor = model.flavors?.onnx;
  if (!flavor) {
    const flavors = Object.keys(model.flavors ?? {}).filter((name) => name !== 'python_function');
    throw refuse(
      `it has no ONNX flavor (it has: ${flavors.join(', ') || 'none'}). Pickled Python models are never loaded here; convert it with skl2onnx or onnxmltools and log it with mlflow.onnx.log_model`,
    );
  }
  const onnxPath = await inside(path, typeof flavor.data === 'string' ? flavor.data : 'model.onnx');
  await checkOnnx(onnxPath);
  return {
    onnxPath,
    signature: signatureOf(model),
    golden: (await servingExample(path)) ?? (await inputExample(path)),
  };
}

async function readMlModel(folder: string): Promise<MlModel> {
  const text = await readText(join(folder, 'MLmodel'));
  if (text === undefined) throw refuse('its folder has no MLmodel file');
  try {
    const model: unknown = parse(text, { maxAliasCount: 0 });
    if (typeof model === 'object' && model !== null) return model;
  } catch (error) {
    throw refuse(`its MLmodel file is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  throw refuse('its MLmodel file is empty');
}

function signatureOf({ signature }: MlModel): Signature | undefined {
  if (!signature?.inputs) return undefined;
  try {
    return parseSignature(signature.inputs);
  } catch (error) {
    throw refuse(`its signature cannot be read: ${(error as Error).message}`);
  }
}

/** A path in the folder, links followed. */
async function inside(folder: string, relative: string): Promise<string> {
  const root = await realpath(folder);
  const path = await realpath(join(root, relative)).catch(() => {
    throw refuse(`its file '${relative}' is missing`);
  });
  if (!path.startsWith(root + sep)) throw refuse(`its file '${relative}' lies outside of its folder`);
  return path;
}

/** What the first bytes can tell; the rest the runtime finds out in its own thread. */
async function checkOnnx(path: string): Promise<void> {
  const { size } = await stat(path);
  if (size === 0) throw refuse('its file is empty');
  if (size > MODEL_BYTES_MAX) throw refuse(`its file has ${size} bytes; at most ${MODEL_BYTES_MAX} are served`);
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(4);
    await file.read(head, 0, 4, 0);
    const isPickle = head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
    if (isPickle) throw refuse('its file is a Python pickle, which is never loaded here. Convert it to ONNX');
    if (head.toString('latin1', 0, 2) === 'PK') throw refuse('its file is an archive, not ONNX');
  } finally {
    await file.close();
  }
}

/** MLflow writes the example as a ready request. */
async function servingExample(folder: string): Promise<InvocationsRequest | undefined> {
  return (await readJson(join(folder, 'serving_input_example.json'))) as InvocationsRequest | undefined;
}

async function inputExample(folder: string): Promise<InvocationsRequest | undefined> {
  const example = (await readJson(join(folder, 'input_example.json'))) as Record<string, unknown> | undefined;
  if (!example) return undefined;
  if (Array.isArray(example.data)) return { dataframe_split: example };
  return 'inputs' in example ? { inputs: example.inputs } : { inputs: example };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw refuse(`its file ${path.slice(dirname(path).length + 1)} is not JSON`);
  }
}

async function readText(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  if (found.size > TEXT_BYTES_MAX) throw refuse(`its file ${path.slice(dirname(path).length + 1)} is too large`);
  return readFile(path, 'utf8');
}

function refuse(reason: string): PlatformError {
  return new PlatformError('INVALID_MODEL', `The model cannot be served: ${reason}.`);
}
