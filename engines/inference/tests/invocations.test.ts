import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MLFLOW_ANSWERS, type ScoringCase, scoringCases, textOf, typeOf } from './scoring-cases.ts';
import { ask, EXAMPLE, serverOf } from './serving.ts';

describe('/invocations beside MLflow', () => {
  const apps = new Map<string, FastifyInstance>();
  const recorded = readFileSync(MLFLOW_ANSWERS, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  beforeAll(async () => {
    for (const name of ['columns', 'matrix', 'tensor', 'tensors']) apps.set(name, await serverOf(name));
  });
  afterAll(() => Promise.all([...apps.values()].map((app) => app.close())));

  async function answerTo(each: ScoringCase) {
    const app = apps.get(each.model) as FastifyInstance;
    const { status, body } = await ask(app, '/invocations', textOf(each), typeOf(each));
    return { status, predictions: (body as { predictions?: unknown } | undefined)?.predictions ?? null };
  }

  const cases = scoringCases.map((each, place) => {
    const name = `${each.model} ${textOf(each).slice(0, 100)} ${each.type ?? ''}`;
    return [name, each, recorded[place]] as const;
  });
  it('has an answer of MLflow for each case', () => expect(recorded).toHaveLength(scoringCases.length));
  it.each(cases.filter(([, { differs }]) => differs === undefined))(
    'answers the same: %s',
    async (_name, each, theirs) => {
      expect(await answerTo(each)).toEqual(theirs);
    },
  );
  it.each(cases.filter(([, { differs }]) => differs !== undefined))(
    'answers otherwise: %s',
    async (_name, each, theirs) => {
      const answer = await answerTo(each);
      expect(answer).not.toEqual(theirs);
      expect([200, 400]).toContain(answer.status);
    },
  );
});

describe('the scoring server', () => {
  let app: FastifyInstance;
  const example = readFileSync(join(EXAMPLE, 'serving_input_example.json'), 'utf8');
  beforeAll(async () => {
    app = await serverOf('flights');
  });
  afterAll(() => app.close());

  it('answers for the only model, with its form of errors', async () => {
    expect(await ask(app, '/ping')).toMatchObject({ status: 200, type: 'application/json', text: '\n' });
    expect(await ask(app, '/version')).toMatchObject({ status: 200, text: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(await ask(app, '/invocations', { inputs: {} })).toMatchObject({
      status: 400,
      type: 'application/json',
      body: { error_code: 'BAD_REQUEST', message: expect.stringMatching(/^Model is missing inputs \['carrier', /) },
    });
    expect(await ask(app, '/invocations', 'x', 'application/vnd.apache.parquet')).toMatchObject({ status: 415 });
    expect(await ask(app, '/invocations', 'x', '')).toMatchObject({
      status: 415,
      body: { message: expect.stringContaining("send the header 'Content-Type: application/json'") },
    });
  });

  it('takes the example’s columns by name, in any form and order, with a record for each row', async () => {
    const { dataframe_split: frame } = JSON.parse(example) as {
      dataframe_split: { columns: string[]; data: unknown[][] };
    };
    const records = frame.data.map((row) =>
      Object.fromEntries(row.map((value, i) => [frame.columns[i], value]).reverse()),
    );
    const expected = await ask(app, '/invocations', example);
    expect(expected.body).toEqual({ predictions: frame.data.map(() => ({ probability_late: expect.any(Number) })) });
    const csv = [frame.columns, ...frame.data].map((row) => row.join(',')).join('\n');
    expect((await ask(app, '/invocations', { dataframe_records: records })).body).toEqual(expected.body);
    expect((await ask(app, '/invocations', { instances: records })).body).toEqual(expected.body);
    expect((await ask(app, '/invocations', csv, 'text/csv')).body).toEqual(expected.body);
  });

  it('names the models where there are several, and says that there is none', async () => {
    const several = await serverOf('divide', 'simple');
    expect(await ask(several, '/invocations', { inputs: {} })).toMatchObject({
      status: 400,
      body: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining('serves divide, simple') },
    });
    await several.close();
    const none = await serverOf();
    expect((await ask(none, '/ping')).status).toBe(404);
    expect((await ask(none, '/invocations', { inputs: {} })).status).toBe(400);
    await none.close();
  });

  it('writes a missing number as null and an infinite one as a word', async () => {
    const divide = await serverOf('divide');
    const body = { inputs: { a: [0, 1, -1], b: [0, 0, 0] } };
    expect((await ask(divide, '/invocations', body)).body).toEqual({
      predictions: { ratio: [null, 'Infinity', '-Infinity'] },
    });
    expect(await ask(divide, '/invocations', 'a,b\n1,"2', 'text/csv')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('a quote is not closed') },
    });
    expect(await ask(divide, '/invocations', 'a,b\n1\n', 'text/csv')).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('Row 1 of the CSV has 1 fields, its header has 2') },
    });
    await divide.close();
  });
});
