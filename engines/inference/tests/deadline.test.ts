import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { startProgram } from '@mlops/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { openInference } from '../src/index.ts';
import { MAIN, model, served, tensor } from './serving.ts';

/** More steps than a run may take time for, and not so many that its thread never ends. */
const LONG = 8_000_000;
/** 2^62 steps: hundreds of years. */
const ENDLESS = '4611686018427387904';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

describe('a run that takes too long', () => {
  it('fails alone; beyond a number of lost threads nothing runs until one comes back', async () => {
    const engine = openInference({ threads: 1, timeoutSeconds: 2 });
    const slow = await served(engine, model('slow'));
    const steps = (count: number) => engine.infer(slow, undefined, { inputs: [tensor('n', 'INT64', [count])] });
    for (let lost = 0; lost < 2; lost++) {
      const [long, waiting] = [steps(LONG), steps(7)];
      await expect(long).rejects.toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('within 2 s') });
      expect([engine.isReady(slow), engine.isServing()]).toEqual([false, false]);
      await expect(steps(1)).rejects.toMatchObject({ code: 'NOT_READY' });
      expect((await waiting).outputs[0]?.data).toEqual(new BigInt64Array([7n]));
      expect([engine.isReady(slow), engine.isServing()]).toEqual([true, true]);
    }
    const [long, waiting] = [steps(LONG), steps(7)];
    await expect(Promise.allSettled([long, waiting])).resolves.toMatchObject([
      { reason: { code: 'TIMEOUT' } },
      { reason: { code: 'NOT_READY' } },
    ]);
    await expect(steps(1)).rejects.toMatchObject({ code: 'NOT_READY', message: expect.stringContaining('restart') });
    await expect(engine.load('other', '1', { path: model('linear') })).rejects.toMatchObject({ code: 'NOT_READY' });
    while (!engine.isReady(slow)) await wait(50);
    expect((await steps(7)).outputs[0]?.data).toEqual(new BigInt64Array([7n]));
    await engine.close();
  }, 180_000);

  it('is answered 504 by the program, which serves on, and ends when it is told to', async () => {
    const models = ['slow', 'linear'].flatMap((name) => ['--model', `${name}=${model(name)}`]);
    const flags = ['--port', '0', '--inference-threads', '1', '--inference-timeout', '3'];
    const { url, child } = await startProgram(MAIN, [...flags, ...models]);
    children.push(child);
    const infer = (name: string, input: string) =>
      fetch(`${url}/v2/models/${name}/infer`, { method: 'POST', body: `{"inputs":[${input}]}` });
    const count = (steps: string) => infer('slow', `{"name":"n","datatype":"INT64","shape":[1],"data":[${steps}]}`);
    const endless = count(ENDLESS);
    await wait(200);
    const others = [count('3'), infer('linear', '{"name":"X","datatype":"FP32","shape":[1,3],"data":[1,2,3]}')];
    expect((await endless).status).toBe(504);
    expect(await (await endless).json()).toEqual({ error: expect.stringContaining('did not answer within 3 s') });
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
    for (const path of ['/v2/models/slow/ready', '/v1/models/slow', '/v2/health/ready', '/readyz']) {
      expect((await fetch(url + path)).status, path).toBe(200);
    }
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /nv_inference_request_failure(_total)?\{team="default",model="slow",reason="BACKEND"\} 1/,
    );
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});

describe('a model that does not come back while it is loaded', () => {
  it('is refused in time, and its program ends', async () => {
    const flags = ['--port', '0', '--inference-threads', '2', '--inference-timeout', '3'];
    const child = spawn(process.execPath, [MAIN, ...flags, '--model', `endless=${model('endless')}`]);
    children.push(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).not.toBe(0);
    expect(errors).toMatch(/model endless .*could not be loaded and run once within 3 s/);
  });
});
