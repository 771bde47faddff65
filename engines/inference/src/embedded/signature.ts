import type { Datatype } from '../engine.ts';

/** MLflow's column types (mlflow/types/schema.py) and the datatypes that carry them. */
const COLUMN_TYPES: Readonly<Record<string, Datatype>> = {
  boolean: 'BOOL',
  integer: 'INT32',
  long: 'INT64',
  float: 'FP32',
  double: 'FP64',
  string: 'BYTES',
  binary: 'BYTES',
  datetime: 'BYTES',
};
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
  float32: 'FP32',
  float64: 'FP64',
  str: 'BYTES',
  object: 'BYTES',
};

export interface Column {
  /** Undefined: columns are known by their place. */
  readonly name: string | undefined;
  readonly type: string;
  readonly datatype: Datatype;
  readonly required: boolean;
}

export interface TensorSpec {
  readonly name: string | undefined;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** What a model's signature says about its input: columns of a table, or tensors. */
export type Signature =
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'tensors'; readonly tensors: readonly TensorSpec[] };

interface WireSpec {
  readonly type: string;
  readonly name?: string;
  readonly required?: boolean;
  readonly optional?: boolean;
  readonly 'tensor-spec'?: { readonly dtype: string; readonly shape: readonly number[] };
}

/** Reads the signature as it stands in an MLmodel file: JSON in a string. @throws Error that says what is not supported */
export function parseSignature(inputs: string): Signature {
  const specs = JSON.parse(inputs) as readonly WireSpec[];
  if (specs.every((spec) => spec.type === 'tensor')) return { kind: 'tensors', tensors: specs.map(toTensorSpec) };
  return { kind: 'columns', columns: specs.map(toColumn) };
}

function toColumn({ name, type, required, optional }: WireSpec): Column {
  const datatype = COLUMN_TYPES[type];
  if (!datatype) throw new Error(`the column '${name}' has the type ${type}`);
  return { name, type, datatype, required: required ?? optional !== true };
}

function toTensorSpec({ name, 'tensor-spec': spec }: WireSpec): TensorSpec {
  const datatype = TENSOR_TYPES[spec?.dtype.replace(/^<U\d+$/, 'str') ?? ''];
  if (!spec || !datatype) throw new Error(`the tensor '${name ?? ''}' has the type ${spec?.dtype}`);
  return { name, datatype, shape: spec.shape };
}
