import { PlatformError } from '@mlops/errors';
import { DATATYPES, type Datatype, type InferRequest, type Tensor, type TensorMetadata } from '../engine.ts';
import type { Table } from '../scoring/table.ts';
import { checkShape, flatten, fromJson, inputNamed, invalid, shown, sizeOf } from '../tensor.ts';
import { wireValues } from './json.ts';

// The Open Inference Protocol's JSON (specification/protocol/inference_rest.md). Data may be flat or nested; either way
// it is row by row.

const ID_LENGTH_MAX = 1000;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const REQUEST_FIELDS = ['id', 'parameters', 'inputs', 'outputs', 'model_name', 'model_version'];
const INPUT_FIELDS = ['name', 'shape', 'datatype', 'parameters', 'data'];
/** What a client may send, and we read as something near it. A value that the model's type cannot hold is refused. */
const CAST: Partial<Record<Datatype, readonly Datatype[]>> = {
  FP16: ['FP32', 'FP64'],
  FP32: ['FP16', 'FP64'],
  FP64: ['FP16', 'FP32'],
};

/** What a request is read against. */
export interface ExpectedInputs {
  readonly inputs: readonly TensorMetadata[];
  readonly keyColumn: string | undefined;
}

/** The caller's id for the request, if it has one. */
export function requestId(body: unknown): string | undefined {
  const { id } = record(body, 'the body');
  if (id === undefined || id === '') return undefined;
  if (typeof id !== 'string' || id.length > ID_LENGTH_MAX) {
    throw malformed(`'id' must be a string of at most ${ID_LENGTH_MAX} characters`, 'id');
  }
  if (!id.isWellFormed() || CONTROL.test(id)) {
    throw malformed("'id' must be well-formed Unicode without control characters", 'id');
  }
  return id;
}

/** @throws MALFORMED_REQUEST, INVALID_TENSOR that names input, expected and received */
export function decodeV2(body: unknown, expected: ExpectedInputs): InferRequest {
  const request = record(body, 'the body');
  refuseUnknown(request, REQUEST_FIELDS, 'the request');
  const { inputs, outputs } = request;
  if (!Array.isArray(inputs)) throw malformed("'inputs' must be a list of tensors", 'inputs');
  const seen = new Set<string>();
  const tensors = inputs.map((input: unknown) => {
    const tensor = decodeTensor(record(input, 'each input'), expected);
    if (seen.has(tensor.name)) throw malformed(`the input '${tensor.name}' is given twice`, 'inputs');
    seen.add(tensor.name);
    return tensor;
  });
  return outputs === undefined || outputs === null
    ? { inputs: tensors }
    : { inputs: tensors, outputs: outputNames(outputs) };
}

/** A request as a table: each tensor is a column, whatever the model takes. @throws as `decodeV2` */
export function tableOfV2(body: unknown): { table: Table; outputs: readonly string[] | undefined } {
  const { inputs } = record(body, 'the body');
  const declared = (Array.isArray(inputs) ? inputs : []).map((input: unknown) => record(input, 'each input'));
  const { inputs: tensors, outputs } = decodeV2(body, {
    inputs: declared as unknown as readonly TensorMetadata[],
    keyColumn: undefined,
  });
  const rows = tensors[0]?.shape[0] ?? 0;
  const columns = tensors.map(({ name, shape, data }) => {
    if (shape[0] !== rows || data.length !== rows)
      throw invalid(name, `one value in each of ${rows} rows`, shape.join(', '));
    return [name, Array.from(data as ArrayLike<unknown>)] as const;
  });
  return { table: { rows, columns: new Map(columns) }, outputs };
}

function decodeTensor(input: Record<string, unknown>, { inputs, keyColumn }: ExpectedInputs): Tensor {
  const { name, data } = input;
  if (typeof name !== 'string') throw malformed('each input needs a name', 'inputs');
  refuseUnknown(input, INPUT_FIELDS, `input '${name}'`);
  const sent = readDatatype(name, input.datatype);
  const shape = readShape(name, input.shape);
  // The key is no input of the model: it may be of any type.
  const wanted = name === keyColumn ? { datatype: sent, shape } : inputNamed(inputs, name);
  if (sent !== wanted.datatype && !CAST[wanted.datatype]?.includes(sent)) throw invalid(name, wanted.datatype, sent);
  checkShape(name, shape, wanted.shape);
  if (data === undefined || data === null) throw invalid(name, 'data', 'none');
  return {
    name,
    datatype: wanted.datatype,
    shape,
    data: fromJson(name, wanted.datatype, flatValues(name, shape, data)),
  };
}

function readDatatype(name: string, datatype: unknown): Datatype {
  const known = DATATYPES.find((each) => each === datatype);
  if (!known) throw invalid(name, `a datatype of ${DATATYPES.join(', ')}`, shown(datatype));
  return known;
}

function readShape(name: string, shape: unknown): number[] {
  if (Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    return shape as number[];
  }
  throw invalid(
    name,
    'a shape of whole numbers',
    Array.isArray(shape) ? `[${shape.map(shown).join(', ')}]` : shown(shape),
  );
}

function flatValues(name: string, shape: readonly number[], data: unknown): readonly unknown[] {
  const flat = Array.isArray(data) ? (data as unknown[]) : [data];
  const size = sizeOf(shape);
  if (!flat.some(Array.isArray)) {
    if (flat.length !== size)
      throw invalid(name, `${size} values for shape [${shape.join(', ')}]`, `${flat.length} values`);
    return flat;
  }
  const nested = flatten(name, flat);
  if (size > 0) checkShape(name, nested.shape, shape);
  else if (nested.values.length > 0) throw invalid(name, 'no values', `${nested.values.length} values`);
  return nested.values;
}

function outputNames(outputs: unknown): string[] | never {
  if (!Array.isArray(outputs)) throw malformed("'outputs' must be a list", 'outputs');
  return outputs.map((output) => {
    const { name, parameters } = record(output, 'each output');
    if (typeof name !== 'string') throw malformed('each output needs a name', 'outputs');
    const { classification } = (parameters ?? {}) as { classification?: unknown };
    if (classification !== undefined) throw malformed(`output '${name}': classification is not offered`, 'outputs');
    return name;
  });
}

/** The answer to a request; `id` is the request's, or the server's own. */
export function encodeV2(id: string, modelName: string, modelVersion: string, outputs: readonly Tensor[]) {
  return {
    model_name: modelName,
    model_version: modelVersion,
    id,
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      data: wireValues(output),
    })),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} must be an object`);
  return value as Record<string, unknown>;
}

function refuseUnknown(given: Record<string, unknown>, known: readonly string[], where: string): void {
  const unknown = Object.keys(given).find((field) => !known.includes(field));
  if (unknown !== undefined) throw malformed(`'${unknown.slice(0, 100)}' is not a field of ${where}`, unknown);
}

function malformed(what: string, field?: string): PlatformError {
  return new PlatformError('MALFORMED_REQUEST', `Invalid request: ${what}.`, field === undefined ? {} : { field });
}
