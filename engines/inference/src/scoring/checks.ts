import { PlatformError } from '@mlops/errors';
import type { Tensor, TensorMetadata } from '../engine.ts';
import { checkShape, inputNamed, invalid, sizeOf } from '../tensor.ts';

/** Each of the model's inputs once, in its type and shape. @throws INVALID_TENSOR that names input, expected and received */
export function checkInputs(expected: readonly TensorMetadata[], inputs: readonly Tensor[]): void {
  for (const { name, datatype, shape, data } of inputs) {
    const input = inputNamed(expected, name);
    if (datatype !== input.datatype) throw invalid(name, input.datatype, datatype);
    checkShape(name, shape, input.shape);
    const size = sizeOf(shape);
    if (data.length !== size)
      throw invalid(name, `${size} values for shape [${shape.join(', ')}]`, `${data.length} values`);
  }
  checkNoneMissing(expected, inputs);
}

/** @throws INVALID_TENSOR that names the input, its type and shape */
export function checkNoneMissing(expected: readonly TensorMetadata[], inputs: readonly Tensor[]): void {
  const missing = expected.find(
    ({ name }, i) => inputs[i]?.name !== name && !inputs.some((input) => input.name === name),
  );
  if (!missing) return;
  const { name, datatype, shape } = missing;
  throw new PlatformError(
    'INVALID_TENSOR',
    `Input '${name}' is missing: expected ${datatype} of shape [${shape.join(', ')}], received nothing.`,
    { field: name },
  );
}

/** @throws INVALID_TENSOR that names the outputs there are */
export function checkOutputs(known: readonly TensorMetadata[], wanted: readonly string[] | undefined): void {
  const unknown = wanted?.find((name) => !known.some((output) => output.name === name));
  if (unknown === undefined) return;
  const names = known.map(({ name }) => name).join(', ');
  throw new PlatformError(
    'INVALID_TENSOR',
    `Output '${unknown.slice(0, 200)}' does not exist; the model has ${names}.`,
    {
      field: 'outputs',
    },
  );
}
