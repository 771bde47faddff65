import type { Datatype, TensorMetadata } from '../engine.ts';

/** MLflow's column types (mlflow/types/schema.py) that an ONNX model can take. */
const COLUMN_TYPES = ['boolean', 'integer', 'long', 'float', 'double', 'string', 'binary', 'datetime'] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

const TENSOR_TYPES: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  str: 'BYTES',
  object: 'BYTES',
};

export interface Column {
  /** Undefined: columns are known by their place. */
  readonly name: string | undefined;
  readonly type: ColumnType;
  readonly required: boolean;
}

export interface TensorSpec {
  readonly name: string | undefined;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface Parameter {
  readonly name: string;
  readonly type: string;
  /** Whether it is a list of values. */
  readonly isList: boolean;
}

/** What a model's signature says about its input: columns of a table, or tensors. */
export type InputSchema =
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'tensors'; readonly tensors: readonly TensorSpec[] };

export interface Signature {
  readonly input: InputSchema | undefined;
  readonly parameters: readonly Parameter[];
}

/** What a model is asked with. */
export interface ModelInputs {
  readonly inputs: readonly TensorMetadata[];
  readonly signature: Signature | undefined;
  /** An input that names the row and is not given to the model. */
  readonly keyColumn: string | undefined;
}

interface WireSpec {
  readonly type: string;
  readonly name?: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly 'tensor-spec'?: { readonly dtype: string; readonly shape: readonly number[] };
}

/** Reads a signature as it stands in an MLmodel file: JSON in strings. @throws Error that says what is not supported */
export function parseSignature(wire: { readonly inputs?: unknown; readonly params?: unknown }): Signature {
  const parameters = listOf(wire.params) as readonly { name: string; type: string; shape?: unknown }[];
  return {
    input: inputSchema(listOf(wire.inputs) as readonly WireSpec[]),
    parameters: parameters.map(({ name, type, shape }) => ({ name, type, isList: Array.isArray(shape) })),
  };
}

function listOf(json: unknown): readonly unknown[] {
  if (json === undefined || json === null) return [];
  const list: unknown = JSON.parse(String(json));
  if (!Array.isArray(list)) throw new Error('it is not a list');
  return list;
}

function inputSchema(specs: readonly WireSpec[]): InputSchema | undefined {
  if (specs.length === 0) return undefined;
  if (specs.every((spec) => spec.type === 'tensor')) return { kind: 'tensors', tensors: specs.map(toTensorSpec) };
  return { kind: 'columns', columns: specs.map(toColumn) };
}

function toColumn({ name, type, required, optional }: WireSpec): Column {
  const known = COLUMN_TYPES.find((each) => each === type);
  if (!known) throw new Error(`the column '${name ?? ''}' has the type ${type}, which no ONNX input takes`);
  return { name, type: known, required: required ?? optional !== true };
}

function toTensorSpec({ name, 'tensor-spec': spec }: WireSpec): TensorSpec {
  const datatype = TENSOR_TYPES[spec?.dtype.replace(/^[<>|]?[UO]\d*$/, 'str') ?? ''];
  if (!spec || !datatype) throw new Error(`the tensor '${name ?? ''}' has the type ${spec?.dtype}`);
  if (!Array.isArray(spec.shape)) throw new Error(`the tensor '${name ?? ''}' has no shape`);
  return { name, datatype, shape: spec.shape };
}

/** Why a signature and a model's inputs do not belong together; undefined if they do. */
export function mismatch(
  { input }: Signature,
  inputs: readonly TensorMetadata[],
  keyColumn: string | undefined,
): string | undefined {
  const names = (input?.kind === 'columns' ? input.columns : (input?.tensors ?? [])).map(({ name }) => name);
  const isNamed = names.every((name) => name !== undefined);
  // One input takes all columns as a matrix, an unnamed tensor takes the only input.
  if (!input || inputs.length === 1 || !isNamed) return undefined;
  const unfed = inputs.find(({ name }) => !names.includes(name));
  if (unfed) return `its signature does not name the model's input '${unfed.name}'`;
  const unused = names.find((name) => name !== keyColumn && !inputs.some((each) => each.name === name));
  return unused === undefined ? undefined : `its signature names '${unused}', which is no input of the model`;
}

/** Why a key column cannot be kept from the model; undefined if it can. A matrix may have a column of its own name. */
export function keyProblem(
  inputs: readonly TensorMetadata[],
  signature: Signature | undefined,
  keyColumn: string | undefined,
): string | undefined {
  if (!inputs.some(({ name }) => name === keyColumn)) return undefined;
  const input = signature?.input;
  const isColumn = input?.kind === 'columns' && input.columns.some(({ name }) => name === keyColumn);
  if (isColumn && inputs.length === 1) return undefined;
  const names = inputs.map(({ name }) => name).join(', ');
  return `the key column '${keyColumn}' is an input that it needs (its inputs are ${names}); a key is a column besides`;
}
