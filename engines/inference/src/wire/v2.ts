import { PlatformError } from '@mlops/errors';
import { DATATYPES, type Datatype, type InferRequest, type Tensor, type TensorMetadata } from '../engine.ts';
import { flatten, fromJson, invalid, sizeOf, toJson } from '../tensor.ts';

// The Open Inference Protocol's JSON (specification/protocol/inference_rest.md). Data may be flat or nested, in and out
// it is row by row.

/** What a client may send, and we read as something near it, without losing anything. */
const WIDENED: Partial<Record<Datatype, readonly Datatype[]>> = { FP32: ['FP64'], FP64: ['FP32'] };

export interface V2Request extends InferRequest {
  readonly id: string | undefined;
}

/** @throws MALFORMED_REQUEST, INVALID_TENSOR that names input, expected and received */
export function decodeV2(body: unknown, expected: readonly TensorMetadata[]): V2Request {
  const { id, inputs, outputs } = record(body, 'the body');
  if (id !== undefined && typeof id !== 'string') throw malformed("'id' must be a string", 'id');
  if (!Array.isArray(inputs)) throw malformed("'inputs' must be a list of tensors", 'inputs');
  const names = inputs.map((input) => (input as { name?: unknown } | null)?.name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw malformed(`the input '${String(twice)}' is given twice`, 'inputs');
  return {
    id,
    inputs: inputs.map((input) => decodeTensor(input, expected)),
    ...(outputs === undefined ? {} : { outputs: outputNames(outputs) }),
  };
}

function decodeTensor(value: unknown, expected: readonly TensorMetadata[]): Tensor {
  const { name, shape, datatype, data } = record(value, 'each input');
  if (typeof name !== 'string') throw malformed('each input needs a name', 'inputs');
  if (!DATATYPES.includes(datatype as Datatype)) {
    throw invalid(name, `a datatype of ${DATATYPES.join(', ')}`, JSON.stringify(datatype) ?? 'none');
  }
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
    throw invalid(name, 'a shape of whole numbers', JSON.stringify(shape) ?? 'none');
  }
  if (data === undefined || data === null) throw invalid(name, 'data', 'none');
  const values = flatValues(name, data);
  if (values.length !== sizeOf(shape as number[])) {
    throw invalid(
      name,
      `${sizeOf(shape as number[])} values for shape [${shape.join(', ')}]`,
      `${values.length} values`,
    );
  }
  const wanted = expected.find((input) => input.name === name)?.datatype;
  const sent = datatype as Datatype;
  const read = wanted !== undefined && WIDENED[wanted]?.includes(sent) ? wanted : sent;
  return { name, datatype: read, shape: shape as number[], data: fromJson(name, read, values) };
}

function flatValues(name: string, data: unknown): readonly unknown[] {
  if (!Array.isArray(data)) return [data];
  return data.some(Array.isArray) ? flatten(name, data).values : data;
}

function outputNames(outputs: unknown): string[] {
  if (!Array.isArray(outputs)) throw malformed("'outputs' must be a list", 'outputs');
  return outputs.map((output) => {
    const { name } = record(output, 'each output');
    if (typeof name !== 'string') throw malformed('each output needs a name', 'outputs');
    return name;
  });
}

export function encodeV2(id: string, modelName: string, modelVersion: string, outputs: readonly Tensor[]) {
  return {
    model_name: modelName,
    model_version: modelVersion,
    id,
    outputs: outputs.map((output) => ({
      name: output.name,
      datatype: output.datatype,
      shape: output.shape,
      data: toJson(output),
    })),
  };
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed(`${what} must be an object`);
  return value as Record<string, unknown>;
}

function malformed(what: string, field?: string): PlatformError {
  return new PlatformError('MALFORMED_REQUEST', `Invalid request: ${what}.`, field === undefined ? {} : { field });
}
