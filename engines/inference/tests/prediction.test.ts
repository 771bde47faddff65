import { direct } from '@mlops/operations';
import { createServer } from '@mlops/service';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type InferenceEngine,
  inferenceRoutes,
  invocationsRoutes,
  openInference,
  type PredictionEvent,
  rowCount,
} from '../src/index.ts';
import { ask, model } from './serving.ts';

describe('a listener of predictions', () => {
  const events: PredictionEvent[] = [];
  let engine: InferenceEngine;
  let app: FastifyInstance;
  beforeAll(async () => {
    engine = openInference({ threads: 1 });
    await engine.load('divide', '7', { path: model('divide') });
    engine.route('divide', [{ version: '7', weight: 1 }]);
    app = createServer({ logLevel: 'silent', allowedHosts: [] });
    const onPrediction = (event: PredictionEvent) => {
      events.push(event);
      throw new Error('the log is broken');
    };
    await app.register(inferenceRoutes, { engine, pipeline: direct, onPrediction });
    await app.register(invocationsRoutes, { engine, pipeline: direct, onPrediction, url: '/serve/:name/invocations' });
  });
  afterAll(async () => {
    await app.close();
    await engine.close();
  });

  const vector = (name: string, value: unknown) => ({ name, datatype: 'FP32', shape: [1], data: [value] });
  const last = () => events.at(-1);

  it('hears of every answer, whatever it does with it', async () => {
    const inputs = [vector('a', 1), vector('b', 4)];
    expect(await ask(app, '/v2/models/divide/infer', { id: 'mine', inputs })).toMatchObject({
      status: 200,
      body: { id: 'mine' },
    });
    expect(last()).toMatchObject({
      model: 'divide',
      version: '7',
      requestId: 'mine',
      status: 200,
      error: undefined,
      inputs: [{ name: 'a', data: new Float32Array([1]) }, { name: 'b' }],
      outputs: [{ name: 'ratio', data: new Float32Array([0.25]) }],
    });
    expect(await ask(app, '/v1/models/divide:predict', { instances: [[1, 2]] })).toMatchObject({ status: 200 });
    expect(last()?.outputs[0]?.data).toEqual(new Float32Array([0.5]));
    expect(await ask(app, '/serve/divide/invocations', { instances: [{ a: 1, b: 1 }] })).toMatchObject({ status: 200 });
    expect(events).toHaveLength(3);
  });

  it('counts no rows where there are no values', async () => {
    await engine.load('empty', '1', { path: model('echo/FP32') });
    engine.route('empty', [{ version: '1', weight: 1 }]);
    const none = { name: 'x', datatype: 'FP32', shape: [0], data: [] };
    expect(await ask(app, '/v2/models/empty/infer', { inputs: [none] })).toMatchObject({ status: 200 });
    const rows = (shape: number[], values: number) =>
      rowCount({ inputs: [{ name: 'x', datatype: 'FP32', shape, data: new Float32Array(values) }], outputs: [] });
    expect([rows([0], 0), rows([1e9, 0], 0), rows([2, 3], 6), rows([], 1)]).toEqual([0, 0, 2, 1]);
    expect(rowCount({ inputs: [], outputs: [] })).toBe(1);
    expect((await ask(app, '/metrics')).text).toMatch(
      /nv_inference_count(_total)?\{team="default",model="empty",version="1"\} 0/,
    );
    events.length = 0;
  });

  it('hears of refusals once, with their status', async () => {
    const before = events.length;
    expect(await ask(app, '/v2/models/divide/infer', { inputs: [vector('a', 'x')] })).toMatchObject({ status: 400 });
    expect(last()).toMatchObject({
      version: '7',
      status: 400,
      error: expect.stringContaining("Input 'a'"),
      outputs: [],
    });
    expect(await ask(app, '/serve/nope/invocations', { inputs: [] })).toMatchObject({
      status: 404,
      body: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    });
    expect(last()).toMatchObject({ model: 'nope', status: 404 });
    expect(events).toHaveLength(before + 2);
  });
});
