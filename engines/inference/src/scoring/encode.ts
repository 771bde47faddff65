import type { Tensor } from '../engine.ts';
import { nest, sizeOf } from '../tensor.ts';
import { wireValues } from '../wire/json.ts';

/**
 * MLflow's `predictions`: a table is answered with a record for each row and a column for each output, where the
 * outputs have one value a row; tensors with an object by output name.
 */
export function encodeInvocations(outputs: readonly Tensor[], rows: number | undefined): unknown {
  const isTable = rows !== undefined && outputs.every(({ shape }) => sizeOf(shape) === rows);
  if (!isTable) return Object.fromEntries(outputs.map((output) => [output.name, nest(values(output), output.shape)]));
  const columns = outputs.map((output) => [output.name, values(output)] as const);
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(([name, list]) => [name, list[row]])));
}

/** KServe V1's `predictions`: one output as a list by row, several as an object for each row. */
export function encodePredict(outputs: readonly Tensor[]): unknown {
  const nested = outputs.map((output) => [output.name, nest(wireValues(output), output.shape)] as const);
  const [first] = nested;
  if (nested.length === 1 && first) return first[1];
  const rows = outputs[0]?.shape[0];
  if (rows === undefined || outputs.some(({ shape }) => shape[0] !== rows)) return Object.fromEntries(nested);
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(nested.map(([name, list]) => [name, (list as unknown[])[row]])),
  );
}

/** MLflow prints a bare NaN, which is no JSON: its client reads null as the same. */
function values(output: Tensor): unknown[] {
  const all = wireValues(output);
  return output.datatype.startsWith('FP') ? all.map((value) => (value === 'NaN' ? null : value)) : all;
}
