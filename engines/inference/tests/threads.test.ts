import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ModelPool } from '../src/embedded/pool.ts';
import { defaultSession } from '../src/embedded/session-options.ts';
import { type InferenceEngine, openInference, toJson } from '../src/index.ts';
import { model, served, tensor } from './serving.ts';

const open: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

function engineOf(options: { threads: number; queue?: number }): InferenceEngine {
  const engine = openInference(options);
  open.push(engine);
  return engine;
}

const steps = (count: number) => ({ inputs: [tensor('n', 'INT64', [count])] });
const counted = async (answer: ReturnType<InferenceEngine['infer']>) =>
  (await answer).outputs.map((each) => toJson(each));

describe('model threads', () => {
  it('compute beside the event loop and beside each other', async () => {
    const engine = engineOf({ threads: 2 });
    const slow = await served(engine, model('slow'));
    const order: string[] = [];
    const long = engine.infer(slow, undefined, steps(500_000)).then(() => order.push('long'));
    await wait(1);
    order.push('timer');
    await engine.infer(slow, undefined, steps(1)).then(() => order.push('short'));
    await long;
    expect(order).toEqual(['timer', 'short', 'long']);
  });

  it('load a model while another answers', async () => {
    const engine = engineOf({ threads: 2 });
    const slow = await served(engine, model('slow'));
    const running = Array.from({ length: 20 }, () => engine.infer(slow, undefined, steps(1000)));
    const other = served(engine, model('linear'));
    expect((await Promise.all(running)).every(({ modelVersion }) => modelVersion === '1')).toBe(true);
    expect(engine.isReady(await other)).toBe(true);
  });

  it('refuse what exceeds their queue, and answer what is in it', async () => {
    const engine = engineOf({ threads: 1, queue: 2 });
    const slow = await served(engine, model('slow'));
    const accepted = [engine.infer(slow, undefined, steps(50_000)), engine.infer(slow, undefined, steps(2))];
    await expect(engine.infer(slow, undefined, steps(3))).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await Promise.all(accepted.map(counted))).toEqual([[[50_000]], [[2]]]);
    expect(await counted(engine.infer(slow, undefined, steps(3)))).toEqual([[3]]);
  });

  it('finish what was accepted before they close', async () => {
    const engine = openInference({ threads: 1 });
    const slow = await served(engine, model('slow'));
    const accepted = counted(engine.infer(slow, undefined, steps(100_000)));
    await engine.close();
    expect(await accepted).toEqual([[100_000]]);
  });

  it('have turns for namespaces: who asks much waits for itself', async () => {
    const engine = engineOf({ threads: 1, queue: 100 });
    const [noisy, quiet] = [engine.namespace('noisy'), engine.namespace('quiet')];
    const [of, other] = [await served(noisy, model('slow')), await served(quiet, model('slow'))];
    const answered: string[] = [];
    const asked = Array.from({ length: 100 }, () =>
      noisy.infer(of, undefined, steps(500)).then(() => answered.push('noisy')),
    );
    await expect(noisy.infer(of, undefined, steps(1))).rejects.toMatchObject({ code: 'OVERLOADED' });
    await Promise.all([...asked, quiet.infer(other, undefined, steps(1)).then(() => answered.push('quiet'))]);
    expect(answered.indexOf('quiet')).toBeLessThan(8);
  });

  it('keep a model until its running requests have finished', async () => {
    const engine = engineOf({ threads: 1 });
    const slow = await served(engine, model('slow'));
    const running = [engine.infer(slow, undefined, steps(100_000)), engine.infer(slow, undefined, steps(5))];
    await engine.unload(slow, '1');
    expect(await Promise.all(running.map(counted))).toEqual([[[100_000]], [[5]]]);
  });

  it('are replaced when they die: what they ran fails with the reason, what waited is answered, their models come back', async () => {
    const program = new URL('fixtures/mortal-worker.ts', import.meta.url);
    const pool = new ModelPool({ threads: 1, queue: 10, timeoutSeconds: 30, program });
    open.push(pool);
    const file = { path: model('echo/FP32'), options: defaultSession, copies: 1 };
    const { inputs } = await pool.load({ ...file, key: 'steady' });
    await pool.load({ ...file, key: 'mortal' });
    const request = { inputs: [tensor('x', 'FP32', [1])] };
    const run = (key: string) => pool.run(key, inputs, request, 'a');
    for (let death = 0; death < 2; death++) {
      const [lost, waited] = [run('mortal'), run('steady')];
      await expect(lost).rejects.toMatchObject({
        code: 'NOT_READY',
        message: expect.stringContaining('is being replaced'),
      });
      expect([pool.has('steady'), pool.has('mortal')]).toEqual([false, false]);
      await expect(run('steady')).rejects.toMatchObject({ code: 'NOT_READY' });
      expect((await waited)[0]?.data).toEqual(new Float32Array([1]));
      while (!pool.has('steady') || !pool.has('mortal')) await wait(10);
      expect((await run('steady'))[0]?.data).toEqual(new Float32Array([1]));
    }
    await pool.unload('mortal');
    expect(pool.has('mortal')).toBe(false);
  });
});
