import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { PlatformError } from '@mlops/errors';
import { parse } from 'yaml';
import type { InvocationsRequest } from '../engine.ts';
import { parseSignature, type Signature } from '../scoring/signature.ts';
import { isRecord } from '../scoring/table.ts';
import { defaultSession, type SessionOptions, sessionOptions } from './session-options.ts';

const MODEL_BYTES_MAX = 2 * 1024 ** 3;
/** Read on the main thread, and slowly; a signature of a thousand columns takes 50 KiB. */
const MLMODEL_BYTES_MAX = 256 * 1024;
const ALIASES_MAX = 16;
const EXAMPLE_BYTES_MAX = 32 * 1024 * 1024;

const CONVERTERS = [
  ['sklearn', 'skl2onnx'],
  ['pytorch', 'torch.onnx.export'],
  ['lightgbm', 'onnxmltools.convert_lightgbm(model, initial_types=[…], zipmap=False)'],
  ['xgboost', 'onnxmltools.convert_xgboost(model, initial_types=[…])'],
] as const;

export interface ModelFolder {
  readonly onnxPath: string;
  readonly session: SessionOptions;
  readonly signature: Signature | undefined;
  readonly golden: InvocationsRequest | undefined;
}

/**
 * Reads what a model folder (with an MLmodel file) or an .onnx file holds, without loading it.
 * @throws INVALID_MODEL with the reason; nothing but ONNX is ever opened as a model
 */
export async function readModel(path: string): Promise<ModelFolder> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw refuse('there is nothing at its path');
  if (!found.isDirectory()) {
    await checkOnnx(path);
    return { onnxPath: path, session: defaultSession, signature: undefined, golden: undefined };
  }
  const folder = await realpath(path);
  const only = await onlyFile(folder);
  if (only?.endsWith('.onnx')) return readModel(only);
  const mlmodel = await readMlModel(folder);
  const flavor = onnxFlavor(mlmodel);
  const onnxPath = await inside(folder, typeof flavor.data === 'string' ? flavor.data : 'model.onnx');
  if (!onnxPath) throw refuse(`its file '${String(flavor.data)}' is missing`);
  await checkOnnx(onnxPath);
  return {
    onnxPath,
    session: understood('its ONNX flavor cannot be used', () => sessionOptions(flavor.onnx_session_options)),
    signature: isRecord(mlmodel.signature) ? signatureOf(mlmodel.signature) : undefined,
    golden: (await servingExample(folder)) ?? (await inputExample(folder)),
  };
}

/** The file of a folder that has nothing else in it: what was registered was a file. */
async function onlyFile(folder: string): Promise<string | undefined> {
  const [entry, ...more] = await readdir(folder, { withFileTypes: true });
  return entry?.isFile() && more.length === 0 ? join(folder, entry.name) : undefined;
}

async function readMlModel(folder: string): Promise<Record<string, unknown>> {
  const text = await readText(folder, 'MLmodel', MLMODEL_BYTES_MAX);
  if (text === undefined) throw refuse('its folder has no MLmodel file');
  const model = understood(
    'its MLmodel file is not YAML',
    () => parse(text, { uniqueKeys: false, maxAliasCount: ALIASES_MAX }) as unknown,
  );
  if (model === null) throw refuse('its MLmodel file is empty');
  if (!isRecord(model)) throw refuse('its MLmodel file is not a mapping');
  return model;
}

function onnxFlavor({ flavors }: Record<string, unknown>): Record<string, unknown> {
  const known = isRecord(flavors) ? flavors : {};
  if (isRecord(known.onnx)) return known.onnx;
  const names = Object.keys(known);
  const others = names.filter((name) => name !== 'python_function');
  const has = (others.length > 0 ? others : names).join(', ').slice(0, 200) || 'none';
  const converter = CONVERTERS.find(([flavor]) => names.includes(flavor))?.[1] ?? "its framework's ONNX converter";
  throw refuse(
    `it has no ONNX flavor (it has: ${has}). Pickled Python models are never loaded here; convert it with ${converter} and log it with mlflow.onnx.log_model`,
  );
}

function signatureOf(signature: Record<string, unknown>): Signature {
  return understood('its signature cannot be read', () => parseSignature(signature));
}

function understood<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refuse(`${what}: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** A file of the folder, links followed; undefined if there is none. @throws INVALID_MODEL if it lies elsewhere */
async function inside(folder: string, relative: string): Promise<string | undefined> {
  const wanted = join(folder, relative);
  const path = wanted.startsWith(folder + sep) ? await realpath(wanted).catch(() => undefined) : wanted;
  if (path !== undefined && !path.startsWith(folder + sep))
    throw refuse(`its file '${relative}' lies outside of its folder`);
  return path;
}

/** What the first bytes can tell; the rest the runtime finds out in its own thread. */
async function checkOnnx(path: string): Promise<void> {
  const found = await stat(path);
  if (!found.isFile()) throw refuse('it is not a file');
  if (found.size === 0) throw refuse('its file is empty');
  if (found.size > MODEL_BYTES_MAX) {
    throw refuse(`its file has ${found.size} bytes; at most ${MODEL_BYTES_MAX} are served`);
  }
  const head = Buffer.alloc(4);
  await using file = await open(path, 'r');
  await file.read(head, 0, head.length, 0);
  const isPickle = head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 0) <= 5;
  if (isPickle) throw refuse('its file is a Python pickle, which is never loaded here. Convert it to ONNX');
  if (head.toString('latin1', 0, 2) === 'PK') throw refuse('its file is an archive, not ONNX');
}

/** MLflow writes the example as a ready request. */
async function servingExample(folder: string): Promise<InvocationsRequest | undefined> {
  const example = await readJson(folder, 'serving_input_example.json');
  return isRecord(example) ? example : undefined;
}

/** Older versions write only the example: a frame's "split" form, or what `inputs` takes. */
async function inputExample(folder: string): Promise<InvocationsRequest | undefined> {
  const example = await readJson(folder, 'input_example.json');
  if (example === undefined || example === null) return undefined;
  if (!isRecord(example)) return { inputs: example };
  if (Array.isArray(example.data)) return { dataframe_split: example };
  return 'inputs' in example ? { inputs: example.inputs } : { inputs: example };
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readText(folder, name, EXAMPLE_BYTES_MAX);
  return text === undefined ? undefined : understood(`its file ${name} is not JSON`, () => JSON.parse(text) as unknown);
}

async function readText(folder: string, name: string, bytesMax: number): Promise<string | undefined> {
  const path = await inside(folder, name);
  const found = path === undefined ? undefined : await stat(path);
  if (path === undefined || !found?.isFile()) return undefined;
  if (found.size > bytesMax) throw refuse(`its file ${name} is too large`);
  return readFile(path, 'utf8');
}

function refuse(reason: string): PlatformError {
  return new PlatformError('INVALID_MODEL', `The model cannot be served: ${reason}.`);
}
