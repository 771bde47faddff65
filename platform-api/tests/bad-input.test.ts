import { trackingOperations } from '@mlops/tracking';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApi } from '../src/index.ts';
import { call, golden, startWithExample, type TestPlatform } from './platform.ts';

// Generated from the tables: a new operation is covered without a line here.

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startWithExample();
});
afterAll(async () => {
  // After everything that was thrown at it, it still answers rightly.
  const answer = await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', golden);
  expect(answer.status).toBe(200);
  await platform.stop();
  platform.remove();
});

async function raw(method: string, path: string, body?: string | Buffer, type = 'application/json') {
  const init = {
    method,
    headers: { 'content-type': type },
    ...(body === undefined || method === 'GET' ? {} : { body }),
  };
  const response = await fetch(`${platform.url}${path}`, init);
  return { status: response.status, text: await response.text() };
}

const isClientError = (status: number) => status >= 400 && status < 500;

interface WireSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
  readonly required?: readonly string[];
}

describe.each(Object.entries(trackingOperations))('MLflow %s', (_name, operation) => {
  const path = `/api/2.0/mlflow${operation.path.replace(/:\w+/g, 'm-unknown')}`;
  const { method } = operation;
  const { properties = {}, required = [] } = operation.request as unknown as WireSchema;

  if (method !== 'GET')
    it('refuses what is not JSON, and what is no object', async () => {
      for (const body of ['{bad', '[1,2]', '"text"', '5', 'null', '{"a":NaN}']) {
        const answer = await raw(method, path, body);
        expect(isClientError(answer.status), `${body}: ${answer.text}`).toBe(true);
        expect(JSON.parse(answer.text).error_code).toBeTypeOf('string');
      }
    });

  if (method !== 'GET')
    it('refuses another content type', async () => {
      expect((await raw(method, path, 'a=b', 'application/x-www-form-urlencoded')).status).toBe(415);
    });

  if (required.length > 0 && !operation.path.includes(':'))
    it('refuses to be asked without what is required', async () => {
      const answer = await raw(method, path, '{}');
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ error_code: 'INVALID_PARAMETER_VALUE' });
    });

  if (method !== 'GET')
    it('refuses each field with a value of another type', async () => {
      for (const [field, { type }] of Object.entries(properties)) {
        if (operation.path.includes(`:${field}`)) continue;
        const wrong =
          type === 'string'
            ? [5, {}, ['x'], true]
            : type === 'array'
              ? [5, {}, true]
              : type === 'boolean'
                ? [5, 'x', {}]
                : ['x', {}, [1]];
        for (const value of wrong) {
          const body = { ...Object.fromEntries(required.map((name) => [name, '1'])), [field]: value };
          const answer = await raw(method, path, JSON.stringify(body));
          expect(
            isClientError(answer.status),
            `${field}=${JSON.stringify(value)}: ${answer.status} ${answer.text}`,
          ).toBe(true);
        }
      }
    });

  it('answers unknown, endless and poisonous names with a 4xx, or finds nothing', async () => {
    for (const poison of [
      'nothing',
      'x'.repeat(5000),
      'a\u0000b',
      '../../etc/passwd',
      "'; drop table runs; --",
      '%00',
      '\ud800',
    ]) {
      const values = Object.fromEntries(required.map((name) => [name, poison]));
      const query = method === 'GET' ? `?${new URLSearchParams(values)}` : '';
      const answer = await raw(method, path + query, JSON.stringify(values));
      expect(answer.status, `${poison.slice(0, 20)}: ${answer.text.slice(0, 200)}`).toBeLessThan(500);
    }
  });
});

describe('the platform API', () => {
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, 'nothing')] as const),
  );

  it.each(operations)('%s %s refuses what it does not know', async (method, path) => {
    expect(isClientError((await raw(method, `${path}?unknown=1`, '{}')).status)).toBe(true);
    if (method === 'GET' || method === 'DELETE') return; // They take no body.
    for (const body of ['{bad', '[]', '"x"', '{"unknown": 1}']) {
      const answer = await raw(method, path, body);
      expect(isClientError(answer.status), `${body}: ${answer.text}`).toBe(true);
      expect(JSON.parse(answer.text).code).toBeTypeOf('string');
    }
  });
});

describe('inference', () => {
  const tensors = (change: object) => ({
    inputs: [{ name: 'carrier', datatype: 'BYTES', shape: [1], data: ['DL'], ...change }],
  });

  it.each([
    ['nothing', {}],
    ['no list', { inputs: {} }],
    ['an unknown input', tensors({ name: 'nope' })],
    ['an unknown datatype', tensors({ datatype: 'TEXT' })],
    ['the wrong datatype', tensors({ datatype: 'FP32', data: [1] })],
    ['the wrong rank', tensors({ shape: [1, 1] })],
    ['too few values', tensors({ shape: [2] })],
    ['a negative shape', tensors({ shape: [-1] })],
    ['a huge shape', tensors({ shape: [1e12] })],
    ['a number for text', tensors({ data: [5] })],
    ['text with NUL', tensors({ data: ['a\u0000b'] })],
    ['ragged lists', tensors({ shape: [2, 2], data: [['a', 'b'], ['c']] })],
    ['missing inputs', tensors({})],
    ['an input given twice', { inputs: [...tensors({}).inputs, ...tensors({}).inputs] }],
  ])('V2 refuses %s with a 400 that says what', async (_what, body) => {
    const answer = await call(platform, 'POST', '/v2/models/flight-delays/infer', body);
    expect(answer.status).toBe(400);
    expect(answer.body.error).toBeTypeOf('string');
  });

  it.each([
    ['two forms', { inputs: {}, instances: [] }],
    ['no form', { rows: [] }],
    ['a split without data', { dataframe_split: { columns: ['a'] } }],
    ['a row too short', { dataframe_split: { columns: ['a', 'b'], data: [[1]] } }],
    ['records that are none', { dataframe_records: [1] }],
    [
      'text for a number',
      {
        dataframe_records: [
          {
            ...Object.fromEntries(
              golden.dataframe_split.columns.map((c, i) => [c, golden.dataframe_split.data[0]?.[i]]),
            ),
            temp: 'warm',
          },
        ],
      },
    ],
    ['columns of unequal length', { inputs: { carrier: ['a', 'b'], origin: ['c'] } }],
  ])('/invocations refuses %s', async (_what, body) => {
    const answer = await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', body);
    expect(answer).toMatchObject({ status: 400, body: { error_code: expect.any(String) } });
  });

  it('ignores columns that the model does not know, as MLflow does', async () => {
    const body = {
      dataframe_split: {
        columns: [...golden.dataframe_split.columns, 'extra'],
        data: golden.dataframe_split.data.map((row) => [...row, 1]),
      },
    };
    expect((await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', body)).status).toBe(200);
  });

  it('takes no rows and answers none', async () => {
    const body = { dataframe_split: { columns: golden.dataframe_split.columns, data: [] } };
    expect(await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', body)).toMatchObject({
      status: 200,
      body: { predictions: [] },
    });
  });

  it.each([
    '/v2/models/nothing',
    '/v2/models/nothing/ready',
    '/v1/models/nothing',
    '/v2/models/flight-delays/versions/9',
  ])('GET %s is 404', async (path) => {
    expect((await call(platform, 'GET', path)).status).toBe(404);
  });
});
