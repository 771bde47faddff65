import { PlatformError } from '@mlops/errors';
import type { InvocationsRequest, PredictRequest, Tensor, TensorMetadata } from '../engine.ts';
import { checkShape, flatten, fromJson, inputNamed, invalid, type JsonValue, nest, sizeOf, toJson } from '../tensor.ts';
import type { Column, Signature, TensorSpec } from './signature.ts';

// MLflow's scoring protocol (mlflow/pyfunc/scoring_server) and KServe V1, as tensors and back. A model whose signature
// has columns is asked with a table and answers one; any other is asked with tensors.

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/** Rows by column; null where a row has no value. */
type Table = ReadonlyMap<string, readonly unknown[]>;

export interface DecodedRequest {
  readonly inputs: readonly Tensor[];
  readonly keys: readonly string[] | undefined;
  /** Whether the request was a table: its answer is one too. */
  readonly rows: number | undefined;
}

export interface ModelInputs {
  readonly inputs: readonly TensorMetadata[];
  readonly signature: Signature | undefined;
  readonly keyColumn: string | undefined;
}

/** @throws MALFORMED_REQUEST unless exactly one form is given, INVALID_TENSOR, INVALID_PARAMETER */
export function decodeInvocations(request: InvocationsRequest, model: ModelInputs): DecodedRequest {
  const given = FORMS.filter((form) => request[form] !== undefined);
  const [form] = given;
  if (given.length !== 1 || form === undefined) {
    throw new PlatformError(
      'MALFORMED_REQUEST',
      `The input must be a JSON dictionary with exactly one of the input fields {${FORMS.join(', ')}}. Received dictionary with input fields: [${Object.keys(request).join(', ')}].`,
    );
  }
  const unknown = Object.keys(request).filter((name) => name !== form && name !== 'params');
  if (unknown.length > 0)
    throw new PlatformError('INVALID_PARAMETER', `'${unknown[0]}' is not a field of this request.`, {
      field: unknown[0] ?? '',
    });
  const content = request[form];
  if (form === 'dataframe_split') return fromTable(splitTable(content), model);
  if (form === 'dataframe_records') return fromTable(recordTable(content, form), model);
  const isTable = model.signature?.kind === 'columns';
  if (Array.isArray(content) && content.length > 0 && content.every(isRecord))
    return fromTable(recordTable(content, form), model);
  if (isTable && isRecord(content)) return fromTable(columnTable(content), model);
  if (isTable) return fromTable(positionalTable(content, model), model);
  return fromTensors(content, model);
}

/** KServe V1: a row is a value, a list, or an object by input name; `inputs` may also be an object of columns. */
export function decodePredict(request: PredictRequest, model: ModelInputs): DecodedRequest {
  const content = request.inputs ?? request.instances;
  if (content === undefined) {
    throw new PlatformError('MALFORMED_REQUEST', `Expected key "instances" or "inputs" in the request body.`, {
      field: 'instances',
    });
  }
  if (isRecord(content)) return fromTensors(content, model);
  if (!Array.isArray(content))
    throw new PlatformError('MALFORMED_REQUEST', '"instances" must be a list.', { field: 'instances' });
  if (content.length > 0 && content.every(isRecord)) return fromTable(recordTable(content, 'instances'), model);
  if (model.inputs.length === 1) return fromTensors(content, model);
  return fromTable(positionalTable(content, model), model);
}

function fromTable(table: Table, model: ModelInputs): DecodedRequest {
  const rows = [...table.values()][0]?.length ?? 0;
  const { signature, inputs } = model;
  const columns = signature?.kind === 'columns' ? signature.columns : inputs.map(asColumn);
  const names = columns.map((column, i) => column.name ?? inputs[i]?.name ?? String(i));
  const missing = names.filter((name, i) => columns[i]?.required && !table.has(name));
  if (missing.length > 0) {
    const extra = [...table.keys()].filter((name) => !names.includes(name) && name !== model.keyColumn);
    const note = extra.length > 0 ? ` Note that there were extra inputs: [${extra.map(quote).join(', ')}].` : '';
    throw new PlatformError('INVALID_TENSOR', `Model is missing inputs [${missing.map(quote).join(', ')}].${note}`, {
      field: missing[0] ?? '',
    });
  }
  const values = columns.map((column, i) => columnValues(column, names[i] ?? '', table, rows));
  const keys = model.keyColumn === undefined ? undefined : table.get(model.keyColumn)?.map(String);
  const [only] = inputs;
  if (inputs.length === 1 && only && only.name !== names[0])
    return { inputs: [matrix(only, values, rows)], keys, rows };
  const tensors = inputs.map((input) => {
    const place = names.indexOf(input.name);
    const column = values[place] ?? filler(input, rows);
    const shape = input.shape.length === 1 ? [rows] : [rows, ...input.shape.slice(1).map((size) => Math.max(size, 1))];
    checkShape(input.name, shape, input.shape);
    return { name: input.name, datatype: input.datatype, shape, data: fromJson(input.name, input.datatype, column) };
  });
  return { inputs: tensors, keys, rows };
}

/** Several numeric columns for a model that takes one matrix, as a data frame's values. */
function matrix(input: TensorMetadata, columns: readonly (readonly unknown[])[], rows: number): Tensor {
  const shape = [rows, columns.length];
  checkShape(input.name, shape, input.shape);
  const flat = Array.from(
    { length: rows * columns.length },
    (_, i) => columns[i % columns.length]?.[Math.floor(i / columns.length)],
  );
  return { name: input.name, datatype: input.datatype, shape, data: fromJson(input.name, input.datatype, flat) };
}

/** A column's values, checked against the signature. MLflow casts what loses nothing, and refuses the rest. */
function columnValues(column: Column, name: string, table: Table, rows: number): readonly unknown[] {
  const values = table.get(name) ?? Array.from({ length: rows }, () => null);
  return values.map((value) => castValue(column, name, value));
}

function castValue({ type, required }: Column, name: string, value: unknown): unknown {
  const wrong = () => invalid(name, `a value of type ${type}`, JSON.stringify(value)?.slice(0, 80) ?? 'nothing');
  const isMissing = value === null || value === undefined || value === 'NaN';
  switch (type) {
    case 'double':
    case 'float':
      if (isMissing || typeof value === 'number' || typeof value === 'boolean') return isMissing ? null : Number(value);
      throw wrong();
    case 'long':
    case 'integer':
      if (typeof value === 'boolean') return Number(value);
      if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong();
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong();
      return value;
    default:
      if (isMissing && !required) return '';
      if (typeof value === 'string') return value;
      if (type === 'string' && typeof value === 'number') throw wrong();
      throw wrong();
  }
}

function fromTensors(content: unknown, model: ModelInputs): DecodedRequest {
  const { inputs, keyColumn } = model;
  const [only] = inputs;
  const byName = isRecord(content);
  if (!byName && (inputs.length !== 1 || !only)) {
    const names = inputs.map((input) => input.name).join(', ');
    throw new PlatformError(
      'INVALID_TENSOR',
      `The model has ${inputs.length} inputs (${names}); give an object with one tensor for each.`,
    );
  }
  const given = byName ? new Map(Object.entries(content)) : new Map([[only?.name ?? '', content]]);
  const keys = keyColumn === undefined ? undefined : (given.get(keyColumn) as unknown[] | undefined)?.map(String);
  if (keyColumn !== undefined) given.delete(keyColumn);
  for (const name of given.keys()) inputNamed(inputs, name);
  const tensors = inputs.map((input) => {
    if (!given.has(input.name)) {
      throw new PlatformError('INVALID_TENSOR', `Model is missing inputs [${quote(input.name)}].`, {
        field: input.name,
      });
    }
    return toTensor(input, given.get(input.name), specOf(model.signature, input.name));
  });
  return { inputs: tensors, keys, rows: undefined };
}

function toTensor(input: TensorMetadata, nested: unknown, spec: TensorSpec | undefined): Tensor {
  const { values, shape } = flatten(input.name, nested);
  if (spec) checkShape(input.name, shape, spec.shape);
  checkShape(input.name, shape, input.shape);
  return { name: input.name, datatype: input.datatype, shape, data: fromJson(input.name, input.datatype, values) };
}

function specOf(signature: Signature | undefined, name: string): TensorSpec | undefined {
  if (signature?.kind !== 'tensors') return undefined;
  const [first] = signature.tensors;
  return signature.tensors.find((spec) => spec.name === name) ?? (signature.tensors.length === 1 ? first : undefined);
}

/** The value of `predictions`: a table's answer has a record for each row, a column for each output. */
export function encodePredictions(outputs: readonly Tensor[], rows: number | undefined): unknown {
  const isTable = rows !== undefined && outputs.every(({ shape }) => sizeOf(shape) === rows);
  if (!isTable) return Object.fromEntries(outputs.map((output) => [output.name, strictNest(output)]));
  const columns = outputs.map((output) => [output.name, strict(output)] as const);
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(([name, values]) => [name, values[row]])),
  );
}

/** KServe V1's answer: one output as a list by row, several as an object for each row. */
export function encodeV1(outputs: readonly Tensor[]): unknown {
  const [only] = outputs;
  if (outputs.length === 1 && only) return strictNest(only);
  const columns = outputs.map((output) => [output.name, strictNest(output)] as const);
  const rows = outputs[0]?.shape[0] ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(columns.map(([name, nested]) => [name, Array.isArray(nested) ? nested[row] : nested])),
  );
}

/** JSON has no NaN: these protocols write null. */
function strict(output: Tensor): JsonValue[] {
  const isNumeric = output.datatype !== 'BYTES';
  return toJson(output).map((value) =>
    isNumeric && (value === 'NaN' || value === 'Infinity' || value === '-Infinity') ? null : value,
  );
}

function strictNest(output: Tensor): unknown {
  return nest(strict(output), output.shape);
}

function splitTable(content: unknown): Table {
  const { columns, data, index: _index, ...rest } = isRecord(content) ? content : {};
  const wellFormed = Array.isArray(columns) && Array.isArray(data) && Object.keys(rest).length === 0;
  if (!wellFormed || !data.every((row) => Array.isArray(row) && row.length === columns.length)) {
    throw new PlatformError(
      'INVALID_PARAMETER',
      'dataframe_split must be {"columns": […], "data": [[…], …]} with a value for each column in each row.',
      { field: 'dataframe_split' },
    );
  }
  const rows = data as unknown[][];
  return new Map(columns.map((name, i) => [String(name), rows.map((row) => row[i])]));
}

function recordTable(content: unknown, form: string): Table {
  if (!Array.isArray(content) || !content.every(isRecord)) {
    throw new PlatformError('INVALID_PARAMETER', `${form} must be a list of objects, one for each row.`, {
      field: form,
    });
  }
  const names = new Set(content.flatMap((record) => Object.keys(record)));
  return new Map([...names].map((name) => [name, content.map((record) => record[name] ?? null)]));
}

function columnTable(content: Record<string, unknown>): Table {
  const columns = Object.entries(content).map(
    ([name, values]) => [name, Array.isArray(values) ? values : [values]] as const,
  );
  const lengths = new Set(columns.map(([, values]) => values.length));
  if (lengths.size > 1) {
    throw new PlatformError('INVALID_PARAMETER', 'The length of values for each input/column name are not the same.', {
      field: 'inputs',
    });
  }
  return new Map(
    columns.map(([name, values]) => [
      name,
      values.map((value) => (Array.isArray(value) && value.length === 1 ? value[0] : value)),
    ]),
  );
}

function positionalTable(content: unknown, { signature, inputs }: ModelInputs): Table {
  const names =
    signature?.kind === 'columns'
      ? signature.columns.map((column, i) => column.name ?? String(i))
      : inputs.map((input) => input.name);
  const rows = (Array.isArray(content) ? content : [content]).map((row) => (Array.isArray(row) ? row : [row]));
  const odd = rows.find((row) => row.length !== names.length);
  if (odd)
    throw new PlatformError(
      'INVALID_TENSOR',
      `Model expects ${names.length} inputs (${names.join(', ')}), a row has ${odd.length}.`,
    );
  return new Map(names.map((name, i) => [name, rows.map((row) => row[i])]));
}

function asColumn({ name, datatype }: TensorMetadata): Column {
  const isFloat = datatype === 'FP32' || datatype === 'FP64' || datatype === 'FP16';
  const type = isFloat ? 'double' : datatype === 'BYTES' ? 'string' : datatype === 'BOOL' ? 'boolean' : 'long';
  return { name, type, datatype, required: true };
}

function filler({ datatype }: TensorMetadata, rows: number): unknown[] {
  return Array.from({ length: rows }, () =>
    datatype === 'BYTES' ? '' : datatype === 'FP32' || datatype === 'FP64' ? null : 0,
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function quote(name: string): string {
  return `'${name}'`;
}
