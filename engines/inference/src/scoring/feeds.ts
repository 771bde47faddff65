import type { Tensor, TensorMetadata } from '../engine.ts';
import { checkShape, flatten, fromJson, inputNamed } from '../tensor.ts';
import { missingInputs, NUMBER } from './columns.ts';
import type { InputSchema, ModelInputs, TensorSpec } from './signature.ts';
import { isRecord, type Table } from './table.ts';

/**
 * A table as a model's inputs, as MLflow's ONNX flavor does it (mlflow/onnx, _OnnxModelWrapper): the only input takes
 * all columns as one matrix, several inputs take a column each.
 * @throws INVALID_TENSOR
 */
export function feedTable(table: Table, model: ModelInputs): Tensor[] {
  const { inputs, signature } = model;
  const [only] = inputs;
  if (inputs.length === 1 && only && !table.columns.has(only.name)) return [matrix(only, table)];
  if (signature?.input === undefined) for (const name of table.columns.keys()) inputNamed(inputs, name);
  const missing = inputs.filter(
    ({ name, datatype }) => !table.columns.has(name) && !mayLack(signature?.input, name, datatype),
  );
  if (missing.length > 0) throw missingInputs(missing.map(({ name }) => name));
  return inputs.map((input) => stack(input, table.columns.get(input.name) ?? Array<null>(table.rows).fill(null)));
}

/** An optional column of numbers that is not given is all NaN; other types have no value that says so. */
function mayLack(schema: InputSchema | undefined, name: string, datatype: TensorMetadata['datatype']): boolean {
  const column = schema?.kind === 'columns' ? schema.columns.find((each) => each.name === name) : undefined;
  return column?.required === false && datatype.startsWith('FP');
}

/** A tensor for each input by name, or the only input's. @throws INVALID_TENSOR */
export function feedTensors(content: unknown, { inputs, signature }: ModelInputs): Tensor[] {
  const [only] = inputs;
  const names = inputs.map(({ name }) => name);
  if (!isRecord(content)) {
    if (!only || inputs.length !== 1) throw missingInputs(names);
    return [toTensor(only, content, specOf(signature?.input, only.name))];
  }
  const given = Object.keys(content);
  const missing = names.filter((name) => !given.includes(name));
  if (missing.length > 0)
    throw missingInputs(
      missing,
      given.filter((name) => !names.includes(name)),
    );
  if (signature?.input === undefined) for (const name of given) inputNamed(inputs, name);
  return inputs.map((input) => toTensor(input, content[input.name], specOf(signature?.input, input.name)));
}

function specOf(schema: InputSchema | undefined, name: string): TensorSpec | undefined {
  if (schema?.kind !== 'tensors') return undefined;
  const [first] = schema.tensors;
  return schema.tensors.find((spec) => spec.name === name) ?? (schema.tensors.length === 1 ? first : undefined);
}

function toTensor(input: TensorMetadata, nested: unknown, spec: TensorSpec | undefined): Tensor {
  const { values, shape } = flatten(input.name, nested);
  if (spec) checkShape(input.name, shape, spec.shape);
  return tensorOf(input, values, fitted(shape, input.shape));
}

function stack(input: TensorMetadata, column: readonly unknown[]): Tensor {
  const { values, shape } = flatten(input.name, column);
  return tensorOf(input, values, fitted(shape, input.shape));
}

function matrix(input: TensorMetadata, { rows, columns }: Table): Tensor {
  const lists = [...columns.values()];
  const values: unknown[] = [];
  for (let row = 0; row < rows; row++) for (const list of lists) values.push(list[row]);
  const shape = lists.length === 1 && input.shape.length === 1 ? [rows] : [rows, lists.length];
  return tensorOf(input, values, shape);
}

function tensorOf({ name, datatype, shape: expected }: TensorMetadata, values: unknown[], shape: number[]): Tensor {
  checkShape(name, shape, expected);
  const isNumber = datatype !== 'BOOL' && datatype !== 'BYTES';
  return { name, datatype, shape, data: fromJson(name, datatype, isNumber ? values.map(asNumber) : values) };
}

/** MLflow makes arrays of the input's type, so a boolean is 0 or 1 and a number may be written as text. */
function asNumber(value: unknown): unknown {
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string' || !NUMBER.test(value)) return value;
  const number = Number(value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value.trim() : number;
}

/** A column of plain values for an input [N, 1], and the shape of no rows. */
function fitted(shape: number[], expected: readonly number[]): number[] {
  const rest = expected.slice(shape.length);
  if (shape.length === 0 || rest.length === 0) return shape;
  if (shape[0] === 0) return [0, ...expected.slice(1).map((size) => Math.max(size, 1))];
  return rest.every((size) => size === 1 || size === -1) ? [...shape, ...rest.map(() => 1)] : shape;
}
