/** A number as JSON carries it: what JSON cannot write is spelled as the proto3 JSON mapping spells it, which MLflow follows. */
export type JsonNumber = number | 'NaN' | 'Infinity' | '-Infinity';

const NOT_FINITE: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** A number for JSON: itself where it is finite, else its name. */
export function toJsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : (String(value) as JsonNumber);
}

/** The number that a name stands for; undefined for all else, numbers included. */
export function notFiniteNamed(name: unknown): number | undefined {
  return NOT_FINITE.get(name);
}
