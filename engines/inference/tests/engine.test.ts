import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InferenceEngine, openInference, type Tensor, toJson } from '../src/index.ts';
import { EXAMPLE, model, served, tensor } from './serving.ts';

describe('the engine', () => {
  let engine: InferenceEngine;
  beforeAll(() => {
    engine = openInference({ threads: 2 });
  });
  afterAll(() => engine.close());

  it.each([
    ['BOOL', [true, false]],
    ['INT8', [-128, 127]],
    ['UINT8', [0, 255]],
    ['INT16', [-32_768, 32_767]],
    ['UINT16', [0, 65_535]],
    ['INT32', [-2_147_483_648, 2_147_483_647]],
    ['UINT32', [0, 4_294_967_295]],
    ['INT64', [1, '9223372036854775807', '-9223372036854775808']],
    ['UINT64', [0, '18446744073709551615']],
    ['FP16', [1.5, 65_504, 'NaN', '-Infinity']],
    ['FP32', [0.5, 'NaN', 'Infinity', '-Infinity']],
    ['FP64', [0.1, 1e300]],
    ['BYTES', ['', 'größer', '日本']],
  ] as const)('carries %s there and back', async (datatype, values) => {
    const name = await served(engine, model(`echo/${datatype}`));
    const { outputs } = await engine.infer(name, undefined, { inputs: [tensor('x', datatype, [...values])] });
    expect(outputs.map((output) => [output.name, output.datatype, output.shape, toJson(output)])).toEqual([
      ['y', datatype, [values.length], [...values]],
    ]);
  });

  it('carries a large tensor exactly, and leaves the caller its own', async () => {
    const name = await served(engine, model('echo/FP64'));
    const values = Array.from({ length: 100_000 }, (_, i) => Math.sqrt(i));
    const input = tensor('x', 'FP64', values);
    const { inputs, outputs } = await engine.infer(name, undefined, { inputs: [input] });
    expect(outputs[0]?.data).toEqual(new Float64Array(values));
    expect(inputs[0]?.data).toEqual(new Float64Array(values));
  });

  it('takes batches of none, scalars, and gives only the outputs that are asked for', async () => {
    const echo = await served(engine, model('echo/FP32'));
    const empty = await engine.infer(echo, undefined, { inputs: [tensor('x', 'FP32', [])] });
    expect(empty.outputs[0]?.shape).toEqual([0]);
    const scalar = await served(engine, model('scalar'));
    const doubled = await engine.infer(scalar, undefined, { inputs: [tensor('x', 'FP32', [2], [])] });
    expect(doubled.outputs.map((output) => [output.shape, toJson(output)])).toEqual([[[], [4]]]);
    const inputs = [tensor('INPUT1', 'INT32', [1, 1, 1, 1], [1, 4]), tensor('INPUT0', 'INT32', [1, 2, 3, 4], [1, 4])];
    const simple = await served(engine, model('simple'));
    const difference = await engine.infer(simple, undefined, { inputs, outputs: ['OUTPUT1'] });
    expect(difference.outputs.map((output) => [output.name, toJson(output)])).toEqual([['OUTPUT1', [0, 1, 2, 3]]]);
  });

  it('names input, expected and received in what it refuses', async () => {
    const name = await served(engine, model('simple'));
    const good = tensor('INPUT0', 'INT32', [1, 1, 1, 1], [1, 4]);
    const infer = (inputs: Tensor[], outputs?: string[]) =>
      engine.infer(name, undefined, { inputs, ...(outputs ? { outputs } : {}) });
    const refused = (inputs: Tensor[], message: string, outputs?: string[]) =>
      expect(infer(inputs, outputs)).rejects.toMatchObject({
        code: 'INVALID_TENSOR',
        message: expect.stringContaining(message),
      });
    await refused([good], "'INPUT1' is missing: expected INT32 of shape [-1, 4], received nothing");
    await refused([good, { ...good, name: 'INPUT2' }], "'INPUT2': expected one of the inputs INPUT0, INPUT1");
    await refused([good, tensor('INPUT1', 'FP32', [1], [1, 1])], "'INPUT1': expected INT32, received FP32");
    await refused([good, { ...good, name: 'INPUT1', shape: [4] }], 'expected shape [-1, 4], received shape [4]');
    await refused([good, { ...good, name: 'INPUT1', shape: [2, 4] }], 'expected 8 values for shape [2, 4], received 4');
    await refused([good, { ...good, name: 'INPUT1' }], "Output 'nope' does not exist; the model has OUTPUT0", ['nope']);
    const gather = await served(engine, model('gather'));
    await expect(engine.infer(gather, undefined, { inputs: [tensor('index', 'INT64', [9])] })).rejects.toMatchObject({
      code: 'INVALID_TENSOR',
      message: expect.stringMatching(/refused the request: .*idx=9/),
    });
  });

  it('sends no answer that is larger than any request may be', async () => {
    const name = await served(engine, model('rows'));
    const rows = (count: bigint) => ({ inputs: [tensor('x', 'INT64', [count])] });
    expect((await engine.infer(name, undefined, rows(3n))).outputs[0]?.shape).toEqual([3]);
    await expect(engine.infer(name, undefined, rows(5_000_001n))).rejects.toMatchObject({
      code: 'INVALID_TENSOR',
      message: expect.stringContaining('its answer has 5000001 values'),
    });
  });

  it('answers what it has begun to read, although the version is unloaded meanwhile', async () => {
    const name = await served(engine, model('echo/FP32'));
    const text = `{"inputs":[{"name":"x","datatype":"FP32","shape":[50000],"data":[${Array(50_000).fill(1.5)}]}]}`;
    const wire = { protocol: 'v2', bytes: new TextEncoder().encode(text), contentType: '' } as const;
    const answered = engine.answer(name, '1', 'r', wire);
    await engine.unload(name, '1');
    expect((await answered).modelVersion).toBe('1');
  });

  it('keeps versions side by side, and serves the one it was told to', async () => {
    const name = await served(engine, model('echo/FP32'));
    const inputs = [tensor('x', 'FP32', [1])];
    await engine.load(name, '2', { path: model('echo/FP32') });
    expect(engine.metadata(name).versions).toEqual(['1', '2']);
    engine.route(name, [{ version: '2', weight: 1 }]);
    expect((await engine.infer(name, undefined, { inputs })).modelVersion).toBe('2');
    const running = engine.infer(name, '1', { inputs });
    await engine.unload(name, '1');
    expect((await running).modelVersion).toBe('1');
    expect(() => engine.metadata(name, '1')).toThrow("has no version '1'");
    expect(() => engine.metadata('nothing')).toThrow("Model 'nothing' does not exist.");
    await expect(engine.load(name, '2', { path: model('echo/FP32') })).rejects.toMatchObject({ code: 'CONFLICT' });
    const twice = [1, 2].map(() => engine.load(name, '3', { path: model('echo/FP32') }));
    expect((await Promise.allSettled(twice)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await engine.unload(name, '2');
    expect([engine.isReady(name), engine.isReady(name, '3'), engine.models().includes(name)]).toEqual([
      false,
      true,
      false,
    ]);
    await expect(engine.infer(name, undefined, { inputs })).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  it('reports the key column with the prediction and does not give it to the model', async () => {
    await engine.load('keyed', '1', { path: model('divide'), options: { keyColumn: 'id' } });
    engine.route('keyed', [{ version: '1', weight: 1 }]);
    const inputs = [tensor('a', 'FP32', [1, 2]), tensor('b', 'FP32', [2, 2]), tensor('id', 'INT64', [7, 8])];
    expect(await engine.infer('keyed', undefined, { inputs })).toMatchObject({
      keys: ['7', '8'],
      inputs: [{ name: 'a' }, { name: 'b' }],
    });
    const answer = async (protocol: 'v1' | 'invocations', request: unknown) => {
      const bytes = new Uint8Array(Buffer.from(JSON.stringify(request)));
      const wire = { protocol, bytes, contentType: 'application/json' };
      const { keys, body } = await engine.answer('keyed', undefined, 'id', wire);
      return { keys, predictions: (JSON.parse(body as string) as { predictions: unknown }).predictions };
    };
    const record = { a: 1, b: 2, id: 'flight 7' };
    expect(await answer('invocations', { dataframe_records: [record] })).toEqual({
      keys: ['flight 7'],
      predictions: [{ ratio: 0.5 }],
    });
    expect(await answer('v1', { inputs: { a: [1], b: [4], id: ['x'] } })).toEqual({ keys: ['x'], predictions: [0.25] });
  });

  it('answers the golden request of a logged model, and finds one that is not answered or not finite', async () => {
    for (const path of [EXAMPLE, model('columns'), model('matrix'), model('tensor'), model('tensors')]) {
      await engine.verify(await served(engine, path), '1');
    }
    const folder = temporaryFolder();
    writeFileSync(join(folder.path, 'MLmodel'), 'flavors:\n  onnx:\n    data: model.onnx\n');
    cpSync(model('divide'), join(folder.path, 'model.onnx'));
    const withExample = async (example: string) => {
      writeFileSync(join(folder.path, 'serving_input_example.json'), example);
      return engine.verify(await served(engine, folder.path), '1');
    };
    await withExample('{"inputs": {"a": [1], "b": [2]}}');
    await expect(withExample('{"inputs": {"a": [1], "b": [0]}}')).rejects.toThrow(/not finite, in output 'ratio'/);
    await expect(withExample('{"inputs": {"c": [1]}}')).rejects.toThrow(/does not answer its input example/);
    folder.remove();
  });
});
