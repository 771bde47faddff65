import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InferenceEngine, openInference, type Tensor, toJson } from '../src/index.ts';
import { fromJson } from '../src/tensor.ts';

const MODELS = join(import.meta.dirname, 'models');
const EXAMPLE = join(import.meta.dirname, '../../../examples/flight-delays/model');
const onnx = (name: string) => join(MODELS, `${name}.onnx`);

describe('the engine', () => {
  let engine: InferenceEngine;
  beforeAll(() => {
    engine = openInference({ threads: 2 });
  });
  afterAll(() => engine.close());

  async function served(name: string, path = onnx(name)): Promise<string> {
    const unique = `${name}-${Math.random().toString(36).slice(2)}`;
    await engine.load(unique, '1', { path });
    engine.serve(unique, '1');
    return unique;
  }

  const tensor = (name: string, datatype: Tensor['datatype'], values: unknown[], shape = [values.length]): Tensor => ({
    name,
    datatype,
    shape,
    data: fromJson(name, datatype, values),
  });

  it.each([
    ['bool', 'BOOL', [true, false]],
    ['int8', 'INT8', [-128, 127]],
    ['uint8', 'UINT8', [0, 255]],
    ['int32', 'INT32', [-2_147_483_648, 2_147_483_647]],
    ['int64', 'INT64', [1, '9223372036854775807', '-9223372036854775808']],
    ['uint64', 'UINT64', [0, '18446744073709551615']],
    ['fp32', 'FP32', [0.5, 'NaN', 'Infinity', '-Infinity']],
    ['fp64', 'FP64', [0.1, 1e300]],
    ['bytes', 'BYTES', ['', 'größer', '日本']],
  ] as const)('carries %s there and back', async (kind, datatype, values) => {
    const name = await served(`identity-${kind}`);
    const { outputs } = await engine.infer(name, undefined, { inputs: [tensor('x', datatype, [...values])] });
    expect(outputs.map((output) => [output.name, output.datatype, output.shape, toJson(output)])).toEqual([
      ['y', datatype, [values.length], [...values]],
    ]);
  });

  it('takes batches of none and of many, scalars, and gives only the outputs that are asked for', async () => {
    const empty = await engine.infer(await served('identity-fp32'), undefined, { inputs: [tensor('x', 'FP32', [])] });
    expect(empty.outputs[0]?.shape).toEqual([0]);
    const scalar = await engine.infer(await served('scalar'), undefined, { inputs: [tensor('x', 'FP32', [2], [])] });
    expect(scalar.outputs.map((output) => [output.shape, toJson(output)])).toEqual([[[], [2]]]);
    const rows = Array.from({ length: 32 }, (_, i) => i);
    const inputs = [tensor('INPUT0', 'INT32', rows, [2, 16]), tensor('INPUT1', 'INT32', rows, [2, 16])];
    const sum = await engine.infer(await served('simple'), undefined, { inputs, outputs: ['OUTPUT0'] });
    expect(sum.outputs.map((output) => [output.name, toJson(output)])).toEqual([
      ['OUTPUT0', rows.map((value) => 2 * value)],
    ]);
  });

  it('names input, expected and received in what it refuses', async () => {
    const name = await served('simple');
    const good = tensor(
      'INPUT0',
      'INT32',
      Array.from({ length: 16 }, () => 1),
      [1, 16],
    );
    const infer = (inputs: Tensor[], outputs?: string[]) =>
      engine.infer(name, undefined, { inputs, ...(outputs ? { outputs } : {}) });
    const refused = async (inputs: Tensor[], message: RegExp) =>
      expect((async () => infer(inputs))()).rejects.toThrow(message);
    await refused([good], /'INPUT1' is missing: expected INT32 of shape \[-1, 16\]/);
    await refused([good, { ...good, name: 'INPUT2' }], /'INPUT2': expected one of the inputs INPUT0, INPUT1/);
    await refused([good, tensor('INPUT1', 'FP32', [1], [1, 1])], /'INPUT1': expected INT32, received FP32/);
    await refused([good, { ...good, name: 'INPUT1', shape: [16] }], /expected shape \[-1, 16\], received shape \[16\]/);
    await expect((async () => infer([good, { ...good, name: 'INPUT1' }], ['nope']))()).rejects.toThrow(
      /Output 'nope' does not exist/,
    );
  });

  it('keeps versions side by side, and serves the one it was told to', async () => {
    const name = await served('identity-fp32');
    await engine.load(name, '2', { path: onnx('identity-fp32') });
    expect(engine.metadata(name).versions).toEqual(['1', '2']);
    engine.serve(name, '2');
    expect((await engine.infer(name, undefined, { inputs: [tensor('x', 'FP32', [1])] })).modelVersion).toBe('2');
    const running = engine.infer(name, '1', { inputs: [tensor('x', 'FP32', [1])] });
    await engine.unload(name, '1');
    expect((await running).modelVersion).toBe('1');
    expect(() => engine.metadata(name, '1')).toThrow("has no version '1'");
    await expect(engine.load(name, '2', { path: onnx('identity-fp32') })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(() => engine.metadata('nothing')).toThrow("Model 'nothing' does not exist.");
  });

  it('answers the golden request of a logged model, and finds one whose answer is not finite', async () => {
    const name = await served('example', EXAMPLE);
    await engine.verify(name, '1');
    const folder = temporaryFolder();
    writeFileSync(join(folder.path, 'MLmodel'), 'flavors:\n  onnx:\n    data: model.onnx\n');
    cpSync(onnx('divide'), join(folder.path, 'model.onnx'));
    writeFileSync(join(folder.path, 'serving_input_example.json'), '{"inputs": {"a": [1], "b": [0]}}');
    const divided = await served('divide', folder.path);
    await expect(engine.verify(divided, '1')).rejects.toThrow(/not finite, in output 'ratio'/);
    writeFileSync(join(folder.path, 'serving_input_example.json'), '{"inputs": {"c": [1]}}');
    const other = await served('divide', folder.path);
    await expect(engine.verify(other, '1')).rejects.toThrow(/does not answer its input example/);
    folder.remove();
  });

  describe('refuses to load', () => {
    const folder = temporaryFolder();
    afterAll(folder.remove);
    let count = 0;
    const modelFolder = (mlmodel: string, files: Record<string, string | Buffer> = {}) => {
      count += 1;
      const path = join(folder.path, String(count));
      mkdirSync(path);
      writeFileSync(join(path, 'MLmodel'), mlmodel);
      for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
      return path;
    };
    const single = (content: Buffer | string) => {
      count += 1;
      const path = join(folder.path, `${count}.onnx`);
      writeFileSync(path, content);
      return path;
    };
    const refused = async (path: string, message: RegExp) => {
      const before = engine.models();
      await expect(engine.load('refused', '1', { path })).rejects.toMatchObject({
        code: 'INVALID_MODEL',
        message: expect.stringMatching(message),
      });
      expect(engine.models()).toEqual(before);
      expect(engine.isReady('refused', '1')).toBe(false);
    };

    it('what is not ONNX', async () => {
      await refused(single(''), /empty/);
      await refused(single('hello'), /cannot load/);
      await refused(single(readFileSync(onnx('simple')).subarray(0, 200)), /cannot load/);
      await refused(single(Buffer.from('80049508', 'hex')), /pickle/);
      await refused(single(Buffer.from('504b0304', 'hex')), /archive/);
      await refused(join(folder.path, 'nothing'), /nothing at its path/);
    });

    it('outputs that are no tensors, saying how to export without', async () => {
      await refused(onnx('zipmap'), /zipmap/);
    });

    it('models of other flavors, bad MLmodel files, and files that lie elsewhere', async () => {
      await refused(
        modelFolder('flavors:\n  sklearn:\n    pickled_model: model.pkl\n'),
        /no ONNX flavor \(it has: sklearn\)/,
      );
      await refused(modelFolder('{'), /not YAML/);
      await refused(modelFolder(''), /empty/);
      await refused(modelFolder('flavors: {onnx: {data: missing.onnx}}'), /missing/);
      await refused(modelFolder('flavors: {onnx: {data: ../secret.onnx}}'), /missing|outside/);
      const linked = modelFolder('flavors: {onnx: {data: link.onnx}}');
      symlinkSync(onnx('simple'), join(linked, 'link.onnx'));
      await refused(linked, /outside of its folder/);
      await refused(
        modelFolder('flavors: {onnx: {data: m.onnx}}\nsignature: {inputs: "nonsense"}', {
          'm.onnx': readFileSync(onnx('simple')),
        }),
        /signature/,
      );
      const noMlModel = join(folder.path, 'empty');
      mkdirSync(noMlModel);
      await refused(noMlModel, /no MLmodel/);
    });
  });
});
