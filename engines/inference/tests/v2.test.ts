import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, serverOf } from './serving.ts';

const ECHOES = ['BOOL', 'BYTES', 'FP16', 'FP32', 'FP64', 'INT64', 'UINT8'];

describe('the Open Inference Protocol', () => {
  let app: FastifyInstance;
  beforeAll(async () => {
    app = await serverOf('simple', 'scalar', 'linear', ...ECHOES.map((each) => `echo/${each}`));
  });
  afterAll(() => app.close());

  const input = (name: string, datatype: string, shape: unknown, data: unknown) => ({ name, datatype, shape, data });
  const infer = (model: string, ...inputs: unknown[]) => ask(app, `/v2/models/${model}/infer`, { inputs });
  const echo = async (datatype: string, data: unknown[], sent = datatype) =>
    (await infer(`echo-${datatype}`, input('x', sent, [data.length], data))).body;
  const simple = (data: unknown, shape: unknown = [1, 4]) =>
    ['INPUT0', 'INPUT1'].map((name) => input(name, 'INT32', shape, data));
  const outputs = (data: unknown, datatype: string) => ({ outputs: [{ name: 'y', datatype, data }] });

  it('speaks of itself and its models', async () => {
    expect((await ask(app, '/v2')).body).toMatchObject({ name: 'mlops-inference', extensions: [] });
    expect((await ask(app, '/v2/health/live')).body).toEqual({ live: true });
    expect((await ask(app, '/v2/health/ready')).body).toEqual({ ready: true });
    expect((await ask(app, '/v2/models')).body).toMatchObject({ models: expect.arrayContaining(['simple', 'scalar']) });
    for (const version of ['', '/versions/1']) {
      const ready = await ask(app, `/v2/models/simple${version}/ready`);
      expect([ready.status, ready.type, ready.body]).toEqual([
        200,
        'application/json',
        { name: 'simple', ready: true },
      ]);
      expect((await ask(app, `/v2/models/simple${version}`)).body).toEqual({
        name: 'simple',
        versions: ['1'],
        platform: 'onnx_onnxv1',
        inputs: ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [-1, 4] })),
        outputs: ['OUTPUT0', 'OUTPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [-1, 4] })),
      });
    }
  });

  it('infers from flat and from nested data, with the caller’s id or its own', async () => {
    const flat = await ask(app, '/v2/models/simple/infer', { id: 'mine', inputs: simple([1, 2, 3, 4]) });
    expect([flat.status, flat.type, flat.body]).toEqual([
      200,
      'application/json',
      {
        id: 'mine',
        model_name: 'simple',
        model_version: '1',
        outputs: [
          { name: 'OUTPUT0', datatype: 'INT32', shape: [1, 4], data: [2, 4, 6, 8] },
          { name: 'OUTPUT1', datatype: 'INT32', shape: [1, 4], data: [0, 0, 0, 0] },
        ],
      },
    ]);
    const request = { inputs: simple([[1, 2, 3, 4]]), outputs: [{ name: 'OUTPUT0' }], parameters: { any: 1 } };
    const nested = await ask(app, '/v2/models/simple/versions/1/infer', request, '');
    expect(nested.body).toMatchObject({ id: expect.stringMatching(/^.{36}$/), outputs: [{ data: [2, 4, 6, 8] }] });
    expect(await infer('scalar', input('x', 'FP32', [], [1.5]))).toMatchObject({
      body: { outputs: [{ shape: [], data: [3] }] },
    });
    expect(await infer('linear', input('X', 'FP32', [0, 3], []))).toMatchObject({
      body: { outputs: [{ shape: [0, 1], data: [] }] },
    });
  });

  it('keeps every digit of a long integer, both ways', async () => {
    const text = (digits: string) => `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[${digits}]}]}`;
    for (const digits of ['9223372036854775807', '-9223372036854775808', '9007199254740993', '-1']) {
      expect((await ask(app, '/v2/models/echo-INT64/infer', text(digits))).text).toContain(`"data":[${digits}]`);
    }
    expect((await ask(app, '/v2/models/echo-INT64/infer', text('"9007199254740993"'))).text).toContain(
      '[9007199254740993]',
    );
    expect(await ask(app, '/v2/models/echo-INT64/infer', text('9223372036854775808'))).toMatchObject({
      status: 400,
      body: { error: "Input 'x': expected INT64 values, received 9223372036854775808." },
    });
  });

  it('carries what is not finite as words, and a missing number as null', async () => {
    expect(await echo('FP32', ['NaN', 'Infinity', '-Infinity', null])).toMatchObject(
      outputs(['NaN', 'Infinity', '-Infinity', 'NaN'], 'FP32'),
    );
    expect(await echo('FP16', [0.5, 'NaN'])).toMatchObject(outputs([0.5, 'NaN'], 'FP16'));
  });

  it('casts between float types where the value fits', async () => {
    expect(await echo('FP32', [0.5], 'FP64')).toMatchObject(outputs([0.5], 'FP32'));
    expect(await echo('FP64', [0.1], 'FP32')).toMatchObject(outputs([0.1], 'FP64'));
    expect(await echo('FP32', [1e300], 'FP64')).toEqual({ error: "Input 'x': expected FP32 values, received 1e+300." });
  });

  it('carries truth and text', async () => {
    expect(await echo('BOOL', [true, false, 1, 0])).toMatchObject(outputs([true, false, true, false], 'BOOL'));
    expect(await echo('BYTES', ['', 'größer', '日本'])).toMatchObject(outputs(['', 'größer', '日本'], 'BYTES'));
    expect(await echo('BYTES', ['a\u0000b'])).toEqual({
      error: "Input 'x': expected text without NUL, received text with one.",
    });
  });

  it.each([
    ['BOOL', ['true']],
    ['UINT8', [256]],
    ['UINT8', [1.5]],
    ['UINT8', [-1]],
    ['FP32', ['constructor']],
    ['FP32', [true]],
    ['FP32', [{}]],
    ['INT64', [1.5]],
    ['INT64', ['0x1']],
    ['BYTES', [1]],
    ['BYTES', [null]],
  ])('refuses %s values %j', async (datatype, data) => {
    expect(await infer(`echo-${datatype}`, input('x', datatype, [1], data))).toMatchObject({
      status: 400,
      type: 'application/json',
      body: { error: expect.stringContaining(`Input 'x': expected ${datatype} values, received `) },
    });
  });

  const good = [1, 2, 3, 4];
  it.each<[string, unknown, string]>([
    ['no inputs', {}, "'inputs' must be a list"],
    ['an input twice', { inputs: [simple(good)[0], simple(good)[0]] }, "'INPUT0' is given twice"],
    ['a missing input', { inputs: [simple(good)[0]] }, "'INPUT1' is missing: expected INT32 of shape [-1, 4]"],
    ['an unknown input', { inputs: [input('nope', 'INT32', [1], [1])] }, 'one of the inputs INPUT0, INPUT1'],
    ['another type', { inputs: [input('INPUT0', 'FP32', [1, 4], good)] }, 'expected INT32, received FP32'],
    ['no type', { inputs: [{ name: 'INPUT0', shape: [1, 4], data: good }] }, 'expected a datatype of BOOL'],
    ['an unknown type', { inputs: [input('INPUT0', 'BF16', [1, 4], good)] }, 'received "BF16"'],
    ['another rank', { inputs: simple(good, [4]) }, 'expected shape [-1, 4], received shape [4]'],
    ['another size', { inputs: simple([1, 2], [1, 2]) }, 'expected shape [-1, 4], received shape [1, 2]'],
    ['a negative size', { inputs: simple(good, [-1, 4]) }, 'expected a shape of whole numbers, received [-1, 4]'],
    ['a shape of words', { inputs: simple(good, ['1', 4]) }, 'a shape of whole numbers'],
    ['too few values', { inputs: simple([1, 2], [1, 4]) }, 'expected 4 values for shape [1, 4], received 2 values'],
    ['an endless shape', { inputs: simple([1], [Number.MAX_SAFE_INTEGER, 4]) }, 'values for shape'],
    [
      'nested data of another shape',
      {
        inputs: simple([
          [1, 2],
          [3, 4],
        ]),
      },
      'expected shape [1, 4], received shape [2, 2]',
    ],
    [
      'ragged data',
      { inputs: simple([[1, 2, 3, 4], [1]], [2, 4]) },
      'expected lists of 4 everywhere, received one of 1',
    ],
    ['no data', { inputs: [{ name: 'INPUT0', shape: [1, 4], datatype: 'INT32' }] }, 'expected data, received none'],
    ['an unknown output', { inputs: simple(good), outputs: [{ name: 'nope' }] }, "Output 'nope' does not exist"],
    ['a field that is none', { inputs: simple(good), output: [] }, "'output' is not a field of the request"],
    [
      'a field of an input that is none',
      { inputs: [{ ...input('INPUT0', 'INT32', [1, 4], good), dtype: 1 }] },
      "'dtype' is not a field",
    ],
    ['an id that is no text', { id: 7, inputs: simple(good) }, "'id' must be a string"],
    ['an id without end', { id: 'x'.repeat(2000), inputs: simple(good) }, "'id' must be a string of at most 1000"],
    ['an id that is no Unicode', { id: '\ud800', inputs: simple(good) }, "'id' must be well-formed Unicode"],
    ['an id with control characters', { id: 'a\nb', inputs: simple(good) }, "'id' must be well-formed Unicode"],
    [
      'classification',
      { inputs: simple(good), outputs: [{ name: 'OUTPUT0', parameters: { classification: 1 } }] },
      'not offered',
    ],
    ['a list', [], 'the body must be an object'],
    ['inputs that are none', { inputs: [null] }, 'each input must be an object'],
  ])('refuses %s', async (_what, request, message) => {
    expect(await ask(app, '/v2/models/simple/infer', request)).toMatchObject({
      status: 400,
      type: 'application/json',
      body: { error: expect.stringContaining(message) },
    });
  });

  it('refuses bodies that are no JSON, too deep or too large, and stays up', async () => {
    const url = '/v2/models/echo-FP32/infer';
    const bad = async (body: string) => {
      const { status, body: answer } = await ask(app, url, body);
      return [status, (answer as { error: string }).error] as const;
    };
    expect(await bad('{"inputs":[NaN]}')).toEqual([
      400,
      expect.stringContaining('NaN and Infinity are written as strings'),
    ]);
    expect(await bad('')).toEqual([400, expect.any(String)]);
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    const nested = `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${deep}}]}`;
    expect(await bad(nested)).toEqual([400, 'The request body nests more than 24 levels deep.']);
    expect(await bad(nested.replace('[1]', '[12345678901234567890]'))).toEqual([400, expect.any(String)]);
    expect(
      await bad(`{"inputs":[{"name":"${'x'.repeat(100_000)}","datatype":"FP32","shape":[1],"data":[1]}]}`),
    ).toEqual([400, expect.stringMatching(/^.{0,400}$/)]);
    expect((await ask(app, url, ' '.repeat(64 * 1024 * 1024 + 1))).status).toBe(413);
    expect((await echo('FP32', [1])) as object).toMatchObject(outputs([1], 'FP32'));
  });

  it('says that binary tensors are not offered', async () => {
    const { statusCode, payload } = await app.inject({
      method: 'POST',
      url: '/v2/models/simple/infer',
      headers: { 'inference-header-content-length': '2', 'content-type': 'application/octet-stream' },
      payload: Buffer.from('{}\u0001\u0002'),
    });
    expect([statusCode, payload]).toEqual([400, expect.stringContaining('binary_data=False')]);
  });

  it('answers 404 for what is not there', async () => {
    for (const path of ['nope', 'nope/ready', 'simple/versions/9', 'simple/versions/9/ready', '..%2f..%2fetc']) {
      expect(await ask(app, `/v2/models/${path}`)).toMatchObject({ status: 404, body: { error: expect.any(String) } });
    }
    expect(await ask(app, '/v2/models/nope/infer', { inputs: [] })).toMatchObject({
      status: 404,
      type: 'application/json',
      body: { error: "Model 'nope' does not exist." },
    });
    expect((await ask(app, '/v2/repository/index', {})).status).toBe(404);
  });

  it('counts predictions under the names that dashboards know, and no name that a caller made up', async () => {
    await ask(app, '/v1/models/made-up:predict', []);
    await infer('made-up-too');
    const { text } = await ask(app, '/metrics');
    expect(text).toMatch(/nv_inference_request_success(_total)?\{team="default",model="simple",version="1"\} [1-9]/);
    expect(text).toMatch(/nv_inference_count(_total)?\{team="default",model="simple",version="1"\} [1-9]/);
    expect(text).toMatch(
      /nv_inference_request_failure(_total)?\{team="default",model="unknown",reason="OTHER"\} [2-9]/,
    );
    expect(text).toContain('request_predict_seconds_bucket');
    expect(text).not.toContain('made-up');
  });
});
