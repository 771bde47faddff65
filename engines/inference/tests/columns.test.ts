import { describe, expect, it } from 'vitest';
import type { TensorMetadata } from '../src/index.ts';
import { enforceColumns } from '../src/scoring/columns.ts';
import { feedTable } from '../src/scoring/feeds.ts';
import { type ColumnType, mismatch, parseSignature } from '../src/scoring/signature.ts';

describe('a column of a signature', () => {
  const cast = (type: ColumnType, value: unknown, required = true) =>
    enforceColumns([{ name: 'x', type, required }], { rows: 1, columns: new Map([['x', [value]]]) }).columns.get(
      'x',
    )?.[0];

  it.each<[ColumnType, unknown, unknown]>([
    ['double', 1.5, 1.5],
    ['double', '1e3', 1000],
    ['double', 'NaN', 'NaN'],
    ['double', null, null],
    ['double', 9007199254740993n, 9007199254740992],
    ['float', true, 1],
    ['integer', -(2 ** 31), -(2 ** 31)],
    ['integer', '7', 7],
    ['long', 9007199254740993n, 9007199254740993n],
    ['long', '+9007199254740993', 9007199254740993n],
    ['long', false, 0],
    ['boolean', true, true],
    ['boolean', 0, false],
    ['boolean', 'False', false],
    ['string', '', ''],
    ['string', 7, '7'],
    ['binary', 'Z3LDtsOfZXI=\n', 'größer'],
    ['datetime', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
  ])('of type %s takes %s as %s', (type, value, expected) => expect(cast(type, value)).toBe(expected));

  it.each<[ColumnType, unknown]>([
    ['double', 'many'],
    ['double', ''],
    ['double', {}],
    ['float', [1]],
    ['integer', 2 ** 31],
    ['integer', 1.5],
    ['long', 2n ** 63n],
    ['long', '1.0'],
    ['long', null],
    ['boolean', 2],
    ['boolean', 'yes'],
    ['string', 1.5],
    ['string', true],
    ['string', null],
    ['binary', 'no base64'],
    ['binary', '/w=='],
    ['binary', 1],
    ['datetime', 'yesterday'],
    ['datetime', 1],
  ])('of type %s refuses %s', (type, value) => {
    expect(() => cast(type, value)).toThrow(expect.objectContaining({ code: 'INVALID_TENSOR', field: 'x' }));
    expect(() => cast(type, value, false)).toThrow();
  });
});

describe('a signature', () => {
  const input = (name: string, datatype: TensorMetadata['datatype'], shape: number[]): TensorMetadata => ({
    name,
    datatype,
    shape,
  });
  const inputs = [input('a', 'FP32', [-1, 1]), input('b', 'FP64', [-1])];
  const read = (...columns: object[]) => parseSignature({ inputs: JSON.stringify(columns), params: null });

  it('is read in its old and its new spelling', () => {
    expect(read({ name: 'a', type: 'double', optional: true }, { type: 'string' }).input).toEqual({
      kind: 'columns',
      columns: [
        { name: 'a', type: 'double', required: false },
        { name: undefined, type: 'string', required: true },
      ],
    });
    expect(read({ type: 'tensor', 'tensor-spec': { dtype: '<U10', shape: [-1] } }).input).toEqual({
      kind: 'tensors',
      tensors: [{ name: undefined, datatype: 'BYTES', shape: [-1] }],
    });
    expect(() => read({ type: 'tensor', 'tensor-spec': { dtype: 'complex64', shape: [-1] } })).toThrow(/complex64/);
    expect(() => parseSignature({ inputs: '{}' })).toThrow('not a list');
    expect(parseSignature({}).input).toBeUndefined();
  });

  it('fills an optional column of numbers with NaN, and nothing else', () => {
    const signature = read({ name: 'a', type: 'double' }, { name: 'b', type: 'double', required: false });
    expect(mismatch(signature, inputs, undefined)).toBeUndefined();
    const table = { rows: 2, columns: new Map([['a', [1, 2]]]) };
    expect(feedTable(table, { inputs, signature, keyColumn: undefined })).toEqual([
      { name: 'a', datatype: 'FP32', shape: [2, 1], data: new Float32Array([1, 2]) },
      { name: 'b', datatype: 'FP64', shape: [2], data: new Float64Array([NaN, NaN]) },
    ]);
    const whole = [inputs[0] as TensorMetadata, input('b', 'INT64', [-1])];
    expect(() => feedTable(table, { inputs: whole, signature, keyColumn: undefined })).toThrow("missing inputs ['b']");
  });

  it('knows columns without names by their place, and counts them', () => {
    const columns = [1, 2].map(() => ({ name: undefined, type: 'double' as const, required: true }));
    const table = (...names: string[]) => ({ rows: 1, columns: new Map(names.map((name, i) => [name, [i]])) });
    expect([...enforceColumns(columns, table('p', 'q')).columns]).toEqual([
      ['p', [0]],
      ['q', [1]],
    ]);
    expect(() => enforceColumns(columns, table('p'))).toThrow('expects 2 columns, received 1');
  });
});
