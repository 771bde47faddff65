import { join } from 'node:path';

/** Requests of MLflow's scoring protocol, to our server and to MLflow's own. */
export interface ScoringCase {
  readonly model: 'columns' | 'matrix' | 'tensor' | 'tensors';
  readonly body: unknown;
  readonly type?: string;
  /** Why our answer is another one than MLflow's. */
  readonly differs?: string;
}

const columns = ['amount', 'count', 'tag'];
const split = (names: unknown, ...data: unknown[]) => ({ dataframe_split: { columns: names, data } });
const row = (...values: unknown[]): ScoringCase => ({ model: 'columns', body: split(columns, values) });
const csv = (body: string, model: ScoringCase['model'] = 'columns'): ScoringCase => ({ model, body, type: 'text/csv' });
const params = (value: unknown): ScoringCase => ({
  model: 'matrix',
  body: { ...split(['a', 'b'], [1, 2]), params: value },
});
const record = { amount: 1.5, count: 1, tag: 'a' };
const two = { INPUT0: [[1, 2, 3, 4]], INPUT1: [[1, 1, 1, 1]] };

const LOSSLESS = 'MLflow changes the value without a word; here the request is refused';
const STRICT = 'what is not a field is refused, not ignored';

export const scoringCases: readonly ScoringCase[] = [
  { model: 'columns', body: split(columns, [1.5, 1, 'a'], [2.5, 2, 'b']) },
  row(1, 1, 'a'),
  row('1.5', '1', 'a'),
  row('abc', 1, 'a'),
  row(true, 1, 'a'),
  row(1.5, true, 'a'),
  row(1.5, 1, 7),
  row(null, 1, 'a'),
  row(1.5, null, 'a'),
  row([1], 1, 'a'),
  { ...row(1.5, 1.5, 'a'), differs: LOSSLESS },
  { ...row(1.5, 1, null), differs: LOSSLESS },
  { ...row(1.5, 1, 7.5), differs: 'a fraction has several spellings as text' },
  { ...row(1.5, 1, true), differs: "MLflow's text for it is Python's" },
  { model: 'columns', body: split([...columns, 'more'], [1.5, 1, 'a', 9]) },
  { model: 'columns', body: split(['tag', 'amount', 'count'], ['a', 1.5, 1]) },
  { model: 'columns', body: split(['amount', 'kount'], [1.5, 1]) },
  { model: 'columns', body: split(columns) },
  { model: 'columns', body: split(columns, [1.5, 1]) },
  { model: 'columns', body: { dataframe_split: { data: [[1.5, 1, 'a']] } } },
  { model: 'columns', body: { dataframe_split: { columns, index: [7], data: [[1.5, 1, 'a']] } } },
  { model: 'columns', body: { dataframe_split: { columns, data: [[1.5, 1, 'a']], x: 1 } } },
  { model: 'columns', body: { dataframe_split: [1] } },
  { model: 'columns', body: { dataframe_records: [record, { tag: 'b', count: 2, amount: 1 }] } },
  { model: 'columns', body: { dataframe_records: [record, { tag: 'b', count: 2 }] } },
  { model: 'columns', body: { dataframe_records: record } },
  { model: 'columns', body: { dataframe_records: [] } },
  { model: 'columns', body: { instances: [record] } },
  { model: 'columns', body: { instances: [[1.5, 1, 'a']] } },
  { model: 'columns', body: { inputs: { amount: [1.5], count: [1], tag: ['a'] } } },
  { model: 'columns', body: { inputs: record } },
  { model: 'columns', body: { inputs: [record] } },
  { model: 'columns', body: { inputs: { amount: [1.5, 2], count: [1], tag: ['a'] } } },
  { model: 'columns', body: { inputs: { amount: [[1.5]], count: [[1]], tag: [['a']] } } },
  { model: 'columns', body: { inputs: [[1.5, 1, 'a']] } },
  { model: 'columns', body: [1] },
  { model: 'columns', body: 3 },
  { model: 'columns', body: { x: 1 } },
  { model: 'columns', body: { ...split(columns, [1.5, 1, 'a']), instances: [1] } },
  { model: 'columns', body: { ...split(columns, [1.5, 1, 'a']), foo: 1 }, differs: STRICT },
  { model: 'columns', body: { ...split(columns, [1.5, 1, 'a']), params: { p: 1 } } },
  { model: 'columns', body: '{bad' },
  { model: 'columns', body: split(columns, [1.5, 1, 'a']), type: 'application/json; charset=utf-8' },
  { model: 'columns', body: split(columns, [1.5, 1, 'a']), type: 'application/json; charset=latin1' },
  { model: 'columns', body: split(columns, [1.5, 1, 'a']), type: 'application/json; foo=bar' },
  { model: 'columns', body: 'a', type: 'text/plain' },
  csv('amount,count,tag\n1.5,1,a\n2,2,b\n'),
  csv('amount,count,tag\r\n"1.5","1","a,""b"""\r\n'),
  csv('amount,count,tag\n1.5,1,007'),
  csv('amount,count,tag\n,1,x\n\n'),
  csv('amount,count\n1.5,1\n'),
  csv('amount,count,tag\n1.5,many,x\n'),
  { ...csv('amount,count,tag\n1.5,1,\n'), differs: LOSSLESS },
  { model: 'matrix', body: split(['a', 'b'], [1, 2], [-3, 0]) },
  { model: 'matrix', body: split(['b', 'a'], [1, 2]) },
  { model: 'matrix', body: split(['a', 'b'], [1, null]) },
  { model: 'matrix', body: split(['b'], [1]) },
  { model: 'matrix', body: split(['a'], [1]) },
  { model: 'matrix', body: { instances: [[1, 2]] } },
  { model: 'matrix', body: { inputs: [[1, 2]] } },
  params({}),
  params(null),
  params({ threshold: 1 }),
  params({ threshold: 'x' }),
  params({ threshold: true }),
  params({ top: 4 }),
  params({ top: 2.5 }),
  params({ names: ['b'] }),
  params({ names: 'b' }),
  params({ names: [1] }),
  params({ other: 1 }),
  params([1]),
  params(3),
  {
    model: 'tensor',
    body: {
      inputs: [
        [1.5, 2, 3],
        [1, 2, 3],
      ],
    },
  },
  { model: 'tensor', body: { inputs: [['1', '2', '3']] } },
  { model: 'tensor', body: { inputs: [['a', '2', '3']] } },
  { model: 'tensor', body: { inputs: [[true, false, true]] } },
  { model: 'tensor', body: { inputs: [[1, null, 3]] } },
  { model: 'tensor', body: { inputs: [[1, 2]] } },
  { model: 'tensor', body: { inputs: [1, 2, 3] } },
  {
    model: 'tensor',
    body: {
      inputs: [
        [1, 2, 3],
        [1, 2],
      ],
    },
  },
  { model: 'tensor', body: { inputs: { Z: [[1, 2, 3]] } } },
  {
    model: 'tensor',
    body: { inputs: { X: [[1, 2, 3]] } },
    differs: "the graph's own name for its only input is taken",
  },
  { model: 'tensor', body: { instances: [[1, 2, 3]] } },
  { model: 'tensor', body: { instances: [] } },
  { model: 'tensor', body: split([0, 1, 2], [1, 2, 3]) },
  { model: 'tensor', body: { dataframe_split: { data: [[1, 2, 3]] } } },
  { ...csv('a,b,c\n1,2,3\n', 'tensor'), differs: 'MLflow reads no CSV for a model whose signature is a tensor' },
  { model: 'tensors', body: { inputs: two } },
  { model: 'tensors', body: { inputs: { INPUT0: two.INPUT0 } } },
  { model: 'tensors', body: { inputs: { ...two, Z: [1] } } },
  { model: 'tensors', body: { inputs: { INPUT0: [[1, 2, 3]], INPUT1: [[1, 1, 1]] } } },
  { model: 'tensors', body: { inputs: { ...two, INPUT0: [[1.5, 2, 3, 4]] } }, differs: LOSSLESS },
  { model: 'tensors', body: { instances: [{ INPUT0: [1, 2, 3, 4], INPUT1: [1, 1, 1, 1] }] } },
  { model: 'tensors', body: { inputs: [[1, 2, 3, 4]] } },
];

/** What MLflow answers to them, one line each. */
export const MLFLOW_ANSWERS = join(import.meta.dirname, 'fixtures/mlflow-answers.ndjson');

export function textOf({ body }: ScoringCase): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export function typeOf({ type = 'application/json' }: ScoringCase): string {
  return type;
}
