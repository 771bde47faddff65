import { join } from 'node:path';
import { loadSettings } from '@mlops/configuration';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { buildInferenceServer, type InferenceEngine, type Tensor } from '../src/index.ts';
import { fromJson } from '../src/tensor.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
export const EXAMPLE = join(import.meta.dirname, '../../../examples/flight-delays/model');
export const MAIN = join(import.meta.dirname, '../src/main.ts');

/** A model of the fixtures: a folder with an MLmodel file, or an .onnx file by its name without the ending. */
export function model(name: string): string {
  return join(FIXTURES, ['columns', 'matrix', 'tensor', 'tensors'].includes(name) ? name : `${name}.onnx`);
}

/** A server with models of the fixtures, under their names; `flights` is the example's. */
export function serverOf(...names: string[]): Promise<FastifyInstance> {
  const argv = names.flatMap((name) => [
    '--model',
    `${name.replace('/', '-')}=${name === 'flights' ? EXAMPLE : model(name)}`,
  ]);
  return buildInferenceServer(
    loadSettings('inference', { argv: [...argv, '--log-level', 'fatal'], env: {}, cwd: '/' }),
  );
}

export interface Answer {
  readonly status: number;
  readonly type: unknown;
  readonly body: unknown;
  readonly text: string;
}

/** Asks a server without a socket; a body that is not text is sent as JSON. */
export async function ask(
  app: FastifyInstance,
  url: string,
  body?: unknown,
  type = 'application/json',
): Promise<Answer> {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const request: InjectOptions =
    body === undefined
      ? { method: 'GET', url }
      : { method: 'POST', url, payload, headers: type === '' ? {} : { 'content-type': type } };
  const { statusCode, headers, payload: text } = await app.inject(request);
  return { status: statusCode, type: headers['content-type'], body: parsed(text), text };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function tensor(name: string, datatype: Tensor['datatype'], values: unknown[], shape = [values.length]): Tensor {
  return { name, datatype, shape, data: fromJson(name, datatype, values) };
}

/** Loads and serves a model of the fixtures, and answers the name that it got. */
export async function served(engine: Pick<InferenceEngine, 'load' | 'route'>, path: string): Promise<string> {
  const name = `model-${crypto.randomUUID()}`;
  await engine.load(name, '1', { path });
  engine.route(name, [{ version: '1', weight: 1 }]);
  return name;
}
