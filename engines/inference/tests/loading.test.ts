import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InferenceEngine, openInference } from '../src/index.ts';
import { model } from './serving.ts';

describe('loading a model', () => {
  const folder = temporaryFolder();
  let engine: InferenceEngine;
  let count = 0;
  beforeAll(() => {
    engine = openInference({ threads: 1 });
  });
  afterAll(async () => {
    await engine.close();
    folder.remove();
  });

  function newFolder(files: Record<string, string | Buffer>): string {
    count += 1;
    const path = join(folder.path, String(count), 'model');
    mkdirSync(path, { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
    return path;
  }
  const file = (content: string | Buffer) => join(newFolder({ 'model.onnx': content }), 'model.onnx');
  const logged = (mlmodel: string, files: Record<string, string | Buffer> = {}) =>
    newFolder({ MLmodel: mlmodel, 'model.onnx': readFileSync(model('simple')), ...files });
  const ONNX = 'flavors: {onnx: {data: model.onnx}}\n';

  async function refused(path: string, message: RegExp): Promise<void> {
    await expect(engine.load('refused', '1', { path })).rejects.toMatchObject({
      code: 'INVALID_MODEL',
      message: expect.stringMatching(message),
    });
    expect([engine.models(), engine.isReady('refused', '1')]).toEqual([[], false]);
    expect(() => engine.metadata('refused')).toThrow('does not exist');
  }

  it('refuses what is not ONNX, and never opens a pickle', async () => {
    await refused(file(''), /empty/);
    await refused(file('hello'), /cannot load/);
    await refused(file(readFileSync(model('simple')).subarray(0, 150)), /cannot load/);
    await refused(file(Buffer.from('80049508', 'hex')), /pickle/);
    await refused(file(Buffer.from('504b0304', 'hex')), /archive/);
    await refused(join(folder.path, 'nothing'), /nothing at its path/);
    await refused('/dev/null', /not a file/);
    const large = file('x');
    truncateSync(large, 3 * 1024 ** 3);
    await refused(large, /3221225472 bytes; at most/);
  });

  it('tells no path of this machine in its reasons', async () => {
    const path = file('hello');
    const message = await engine.load('refused', '1', { path }).then(
      () => 'loaded',
      (error: unknown) => (error as Error).message,
    );
    expect(message).toContain('the file failed');
    expect(message).not.toContain(folder.path);
  });

  it('refuses outputs that are no tensors, saying how to export without', async () => {
    await refused(model('zipmap'), /'probabilities' is not a tensor.*'zipmap': False/);
  });

  it('refuses external data outside of the folder, and takes it inside', async () => {
    const weights = Buffer.alloc(4000);
    const withWeights = (name: string) => {
      const path = newFolder({ 'model.onnx': readFileSync(model(name)) });
      writeFileSync(join(path, '../weights.bin'), weights);
      return path;
    };
    const onnx = (path: string) => join(path, 'model.onnx');
    await refused(onnx(withWeights('external-parent')), /^(?!.*\/mlops-test-).*External data path/s);
    await refused(onnx(withWeights('external-absolute')), /Absolute path not allowed/);
    await refused(onnx(withWeights('external-constant')), /External data path|external data/i);
    await refused(onnx(withWeights('external-inside')), /External data path/);
    const linked = withWeights('external-inside');
    symlinkSync(join(linked, '../weights.bin'), join(linked, 'weights.bin'));
    await refused(onnx(linked), /External data path/);
    const complete = withWeights('external-inside');
    copyFileSync(join(complete, '../weights.bin'), join(complete, 'weights.bin'));
    await engine.load('external', '1', { path: onnx(complete) });
    await engine.unload('external', '1');
  });

  it('refuses other flavors, bad MLmodel files, and files that lie elsewhere', async () => {
    await refused(
      logged('flavors:\n  sklearn: {pickled_model: model.pkl}\n  python_function: {}\n'),
      /it has: sklearn\)/,
    );
    await refused(logged('{'), /not YAML/);
    await refused(logged(''), /empty/);
    await refused(logged('- a list'), /not a mapping/);
    await refused(logged(`a: ${'x'.repeat(300_000)}`), /MLmodel is too large/);
    const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i.toString(36)}: 1\n`).join('');
    await refused(logged(keys(180_000)), /MLmodel is too large/);
    await refused(logged(keys(28_000)), /no ONNX flavor/);
    await refused(logged('flavors: {python_function: {}}'), /it has: python_function\)/);
    await refused(logged('flavors: {pytorch: {}, python_function: {}}'), /torch\.onnx\.export/);
    await refused(logged('flavors: {lightgbm: {}}'), /initial_types/);
    await refused(
      logged(
        'a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]',
      ),
      /YAML/,
    );
    await refused(logged('flavors: {onnx: {data: missing.onnx}}'), /'missing.onnx' is missing/);
    await refused(logged('flavors: {onnx: {data: ../model/model.onnx/../../x}}'), /outside/);
    await refused(logged('flavors: {onnx: {data: /etc/passwd}}'), /is missing/);
    await refused(logged('flavors: {onnx: {data: .}}'), /outside/);
    mkdirSync(join(logged(ONNX), 'sub'));
    await refused(join(folder.path, String(count), 'model', 'sub'), /no MLmodel/);
    const linked = logged('flavors: {onnx: {data: link.onnx}}');
    symlinkSync(model('simple'), join(linked, 'link.onnx'));
    await refused(linked, /'link.onnx' lies outside of its folder/);
    const example = logged(ONNX);
    symlinkSync('/etc/passwd', join(example, 'serving_input_example.json'));
    await refused(example, /'serving_input_example.json' lies outside/);
    await refused(logged(ONNX, { 'serving_input_example.json': '{' }), /serving_input_example.json is not JSON/);
  });

  it('refuses a key column that is an input of the model', async () => {
    const keyed = (keyColumn: string, name: string) =>
      engine.load('keyed', '1', { path: model(name), options: { keyColumn } });
    for (const [keyColumn, name] of [
      ['X', 'linear'],
      ['a', 'divide'],
    ] as const) {
      await expect(keyed(keyColumn, name)).rejects.toMatchObject({
        code: 'INVALID_MODEL',
        message: expect.stringMatching(
          new RegExp(`key column '${keyColumn}' is an input .*its inputs are ${keyColumn}`),
        ),
      });
    }
  });

  it('gives all models together a bounded number of threads', async () => {
    const threads = () => readdirSync('/proc/self/task').length;
    const before = threads();
    const options = { intraOpThreads: 64 };
    for (let i = 0; i < 12; i++) await engine.load('many', String(i), { path: model('linear'), options });
    expect(threads() - before).toBeLessThanOrEqual(4 * availableParallelism());
    for (let i = 0; i < 12; i++) await engine.unload('many', String(i));
  });

  it('refuses a signature or session options that it cannot keep', async () => {
    const signature = (inputs: unknown) => `${ONNX}signature: {inputs: '${JSON.stringify(inputs)}'}\n`;
    await refused(logged(`${ONNX}signature: {inputs: nonsense}`), /signature cannot be read/);
    await refused(
      logged(signature([{ name: 'x', type: 'array', items: { type: 'double' } }])),
      /'x' has the type array/,
    );
    await refused(logged(signature([{ name: 'INPUT0', type: 'long' }])), /does not name the model's input 'INPUT1'/);
    const three = ['INPUT0', 'INPUT1', 'INPUT2'].map((name) => ({ name, type: 'long' }));
    await refused(logged(signature(three)), /names 'INPUT2', which is no input/);
    const options = (content: string) =>
      logged(`flavors: {onnx: {data: model.onnx, onnx_session_options: ${content}}}`);
    await refused(options('{intra_op_num_threads: many}'), /not a number of threads/);
    await refused(
      options('{extra_session_config: {session.model_external_initializers_file_folder_path: /}}'),
      /may not set/,
    );
    await refused(options('{register_custom_ops_library: x.so}'), /does not know/);
    await engine.load('tuned', '1', {
      path: options(
        '{intra_op_num_threads: 1, execution_mode: parallel, inter_op_num_threads: 2, graph_optimization_level: 0, extra_session_config: {session.set_denormal_as_zero: 1}}',
      ),
    });
    expect(engine.isReady('tuned', '1')).toBe(true);
  });
});
