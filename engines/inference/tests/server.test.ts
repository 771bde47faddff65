import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { loadSettings } from '@mlops/configuration';
import { needTool, pythonEnvironment, startProgram, suite } from '@mlops/testing';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildInferenceServer } from '../src/index.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const onnx = (name: string) => join(import.meta.dirname, 'models', `${name}.onnx`);
const EXAMPLE = join(import.meta.dirname, '../../../examples/flight-delays/model');
const build = (...models: string[]) =>
  buildInferenceServer(
    loadSettings('inference', {
      argv: [...models.flatMap((model) => ['--model', model]), '--log-level', 'fatal'],
      env: {},
      cwd: '/',
    }),
  );

describe('the server', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await build(`simple=${onnx('simple')}`, `divide=${onnx('divide')}`);
  });
  afterAll(() => app.close());

  const post = (url: string, body: unknown) =>
    app.inject({ method: 'POST', url, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const get = async (url: string) => (await app.inject(url)).json();

  it('speaks of itself and its models', async () => {
    expect(await get('/v2/health/live')).toEqual({ live: true });
    expect(await get('/v2/health/ready')).toEqual({ ready: true });
    expect(await get('/v2')).toMatchObject({ name: 'mlops-inference' });
    expect(await get('/v2/models')).toEqual({ models: ['simple', 'divide'] });
    expect(await get('/v1/models')).toEqual({ models: ['simple', 'divide'] });
    expect(await get('/v1/models/simple')).toEqual({ name: 'simple', ready: true });
    expect(await get('/v2/models/divide')).toEqual({
      name: 'divide',
      versions: ['1'],
      platform: 'onnx_onnxv1',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1] },
        { name: 'b', datatype: 'FP32', shape: [-1] },
      ],
      outputs: [{ name: 'ratio', datatype: 'FP32', shape: [-1] }],
    });
    expect(await get('/v2/models/divide/versions/1/ready')).toEqual({ name: 'divide', ready: true });
    expect((await app.inject('/health')).statusCode).toBe(200);
  });

  it('infers by V2, flat or nested, with an id of its own or the caller’s', async () => {
    const rows = Array.from({ length: 16 }, (_, i) => i);
    const inputs = (data: unknown) =>
      ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data }));
    const nested = await post('/v2/models/simple/infer', { id: 'a', inputs: inputs([rows]) });
    expect(nested.headers['content-type']).toBe('application/json');
    expect(nested.json()).toMatchObject({
      id: 'a',
      model_name: 'simple',
      model_version: '1',
      outputs: [{ name: 'OUTPUT0', shape: [1, 16], data: rows.map((i) => 2 * i) }, { name: 'OUTPUT1' }],
    });
    const flat = (
      await post('/v2/models/simple/versions/1/infer', { inputs: inputs(rows), outputs: [{ name: 'OUTPUT1' }] })
    ).json();
    expect(flat).toMatchObject({ id: expect.stringMatching(/.{8}/), outputs: [{ name: 'OUTPUT1' }] });
    expect(flat.outputs).toHaveLength(1);
  });

  it('predicts by V1: rows as lists, as objects, and columns', async () => {
    const ratio = async (body: object) => (await post('/v1/models/divide:predict', body)).json();
    expect(
      await ratio({
        instances: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      }),
    ).toEqual({ predictions: [0.5, 0.75] });
    expect(
      await ratio({
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual({ predictions: [0.5, 0.75] });
    expect(await ratio({ inputs: { a: [1], b: [4] } })).toEqual({ predictions: [0.25] });
    expect(await ratio({ instances: [{ a: 0, b: 0 }] })).toEqual({ predictions: ['NaN'] });
  });

  it('answers errors as the protocols do', async () => {
    const bad = await post('/v2/models/divide/infer', {
      inputs: [{ name: 'a', datatype: 'FP32', shape: [1], data: ['x'] }],
    });
    expect([bad.statusCode, bad.headers['content-type'], bad.json()]).toEqual([
      400,
      'application/json',
      { error: `Input 'a': expected FP32 values, received "x".` },
    ]);
    expect((await post('/v2/models/nope/infer', {})).statusCode).toBe(404);
    expect((await post('/v1/models/nope:predict', { instances: [] })).json()).toEqual({
      error: "Model 'nope' does not exist.",
    });
    expect((await post('/v1/models/divide:explain', {})).statusCode).toBe(404);
    const json = await app.inject({
      method: 'POST',
      url: '/v2/models/divide/infer',
      headers: { 'content-type': 'application/json' },
      body: '{"inputs":[NaN]}',
    });
    expect([json.statusCode, json.json().error]).toEqual([
      400,
      expect.stringContaining('NaN and Infinity are written as strings'),
    ]);
    expect((await post('/invocations', { inputs: {} })).json()).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining('simple, divide'),
    });
  });

  it('counts predictions under the names that dashboards know', async () => {
    const { body } = await app.inject('/metrics');
    expect(body).toMatch(/nv_inference_request_success\{model="divide",version="1"\} [1-9]/);
    expect(body).toContain('request_predict_seconds_bucket');
    expect(body).not.toContain('model="nope"');
  });
});

describe('/invocations', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await build(`divide=${onnx('divide')}`);
  });
  afterAll(() => app.close());
  const invoke = (body: string, type: string) =>
    app.inject({ method: 'POST', url: '/invocations', headers: { 'content-type': type }, body });

  it.each([
    [
      'dataframe_split',
      {
        dataframe_split: {
          columns: ['b', 'a'],
          data: [
            [2, 1],
            [4, 3],
          ],
        },
      },
    ],
    [
      'dataframe_records',
      {
        dataframe_records: [
          { a: 1, b: 2 },
          { a: 3, b: 4 },
        ],
      },
    ],
  ])('takes %s', async (_form, body) => {
    const answer = await invoke(JSON.stringify(body), 'application/json');
    expect(answer.json()).toEqual({ predictions: [{ ratio: 0.5 }, { ratio: 0.75 }] });
  });

  it('takes tensors by name, and CSV', async () => {
    expect((await invoke('{"inputs": {"a": [1, 3], "b": [2, 4]}}', 'application/json')).json()).toEqual({
      predictions: { ratio: [0.5, 0.75] },
    });
    expect((await invoke('a,b\n1,2\n"3",4\n'.replace('"3"', '3'), 'text/csv')).json()).toEqual({
      predictions: [{ ratio: 0.5 }, { ratio: 0.75 }],
    });
    expect((await invoke('a,b\n1\n', 'text/csv')).statusCode).toBe(400);
    expect((await invoke('x', 'text/plain')).statusCode).toBe(415);
  });
});

describe('the program', () => {
  it('serves a logged model alone, and ends when it is told', async () => {
    const server = await startProgram(MAIN, ['--port', '0', '--model', `flights=${EXAMPLE}`]);
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    await server.stop();
    expect(server.child.exitCode).toBe(0);
  });

  it('names a model that cannot be served, and exits 1', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, '--model', `z=${onnx('zipmap')}`], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain('model z');
    expect(stderr).toContain('zipmap');
  });
});

suite('real clients', { needs: ['mlops-python'] }, () => {
  it.each(['kserve_client.py', 'triton_client.py'])('%s', async (script) => {
    const python = needTool('mlops-python');
    const server = await startProgram(MAIN, [
      '--port',
      '0',
      '--model',
      `simple=${onnx('simple')}`,
      '--model',
      `divide=${onnx('divide')}`,
    ]);
    const child = spawn(python, [join(import.meta.dirname, 'python', script), server.url], {
      env: pythonEnvironment(python),
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise((resolve) => child.once('exit', resolve));
    await server.stop();
    expect(code, output).toBe(0);
    expect(output).toContain('all checks passed');
  });
});
