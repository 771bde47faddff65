import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, serverOf } from './serving.ts';

describe('KServe V1', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await serverOf('divide', 'linear', 'simple', 'echo/FP32', 'echo/INT64', 'columns');
  });
  afterAll(() => app.close());

  const predict = async (model: string, body: unknown) => (await ask(app, `/v1/models/${model}:predict`, body)).body;
  const refused = async (model: string, body: unknown) => {
    const { status, type, body: answer } = await ask(app, `/v1/models/${model}:predict`, body);
    expect([status, type]).toEqual([400, 'application/json']);
    return (answer as { error: string }).error;
  };

  it('lists its models and says whether one is ready', async () => {
    expect((await ask(app, '/')).body).toEqual({ status: 'alive' });
    expect((await ask(app, '/v1/models')).body).toMatchObject({
      models: expect.arrayContaining(['divide', 'columns']),
    });
    expect((await ask(app, '/v1/models/divide')).body).toEqual({ name: 'divide', ready: true });
    expect(await ask(app, '/v1/models/nope')).toMatchObject({
      status: 404,
      body: { error: "Model 'nope' does not exist." },
    });
  });

  it('takes rows as values, as lists, and as objects by input name; and columns', async () => {
    expect(await predict('echo-FP32', { instances: [1, 2.5] })).toEqual({ predictions: [1, 2.5] });
    expect(await predict('linear', { instances: [[1, 2, 3]] })).toEqual({ predictions: [[321]] });
    expect(await predict('linear', { instances: [{ X: [1, 2, 3] }, { X: [0, 0, 1] }] })).toEqual({
      predictions: [[321], [100]],
    });
    expect(await predict('linear', { inputs: { X: [[1, 2, 3]] } })).toEqual({ predictions: [[321]] });
    expect(
      await predict('divide', {
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual({ predictions: [0.5, 0.75] });
    expect(
      await predict('divide', {
        inputs: [
          { a: 1, b: 2 },
          { b: 4, a: 3 },
        ],
      }),
    ).toEqual({ predictions: [0.5, 0.75] });
    expect(await predict('divide', { inputs: { a: [1], b: [4] } })).toEqual({ predictions: [0.25] });
    expect(await predict('columns', { instances: [{ amount: '1.5', count: 1, tag: 'a', more: 1 }] })).toEqual({
      predictions: [{ y: 3.5, label: 'a' }],
    });
    expect(await predict('columns', { instances: [[1.5, 1, 'a']] })).toEqual({ predictions: [{ y: 3.5, label: 'a' }] });
  });

  it('answers several outputs as an object for each row', async () => {
    expect(await predict('simple', { instances: [{ INPUT0: [1, 2, 3, 4], INPUT1: [1, 1, 1, 1] }] })).toEqual({
      predictions: [{ OUTPUT0: [2, 3, 4, 5], OUTPUT1: [0, 1, 2, 3] }],
    });
  });

  it('answers no rows with none, and odd numbers as V2 does', async () => {
    expect(await predict('linear', { instances: [] })).toEqual({ predictions: [] });
    expect(
      await predict('divide', {
        instances: [
          { a: 0, b: 0 },
          { a: 1, b: 0 },
        ],
      }),
    ).toEqual({ predictions: ['NaN', 'Infinity'] });
    const { text } = await ask(app, '/v1/models/echo-INT64:predict', '{"instances":[9007199254740993]}');
    expect(text).toBe('{"predictions":[9007199254740993]}');
  });

  it('says what is wrong', async () => {
    expect(await refused('divide', {})).toContain('Expected one key "instances" or "inputs"');
    expect(await refused('divide', { instances: [], inputs: [] })).toContain('Expected one key');
    expect(await refused('divide', { instances: 3 })).toContain('must be a list');
    expect(await refused('divide', { instances: [1], threshold: 1 })).toContain("'threshold' is not a field");
    expect(await refused('divide', { instances: [1] })).toContain('its row 0 has 1 values');
    expect(await refused('divide', { instances: [[1, 2], [1]] })).toContain('its row 1 has 1 values');
    expect(await refused('divide', { instances: [{ a: 1, c: 2 }] })).toContain(
      "Input 'c': expected one of the inputs a, b",
    );
    expect(await refused('divide', { instances: [{ a: 1 }] })).toContain("missing inputs ['b']");
    expect(await refused('divide', { instances: [{ a: 1, b: 'x' }] })).toBe(
      `Input 'b': expected FP32 values, received "x".`,
    );
    expect(await refused('linear', { instances: [[1, 2]] })).toContain('expected shape [-1, 3], received shape [1, 2]');
    expect(await refused('divide', [1])).toContain('must be a JSON object');
    expect(await ask(app, '/v1/models/divide:explain', {})).toMatchObject({
      status: 404,
      body: { error: expect.any(String) },
    });
    expect(await ask(app, '/v1/models/nope:predict', { instances: [] })).toMatchObject({ status: 404 });
  });
});
