import { expect, it } from 'vitest';
import { notFiniteNamed, toJsonNumber } from '../src/index.ts';

it('writes finite numbers as they are, and all others by their names', () => {
  expect([0, -1.5, Number.MAX_VALUE].map(toJsonNumber)).toEqual([0, -1.5, Number.MAX_VALUE]);
  expect([NaN, Infinity, -Infinity].map(toJsonNumber)).toEqual(['NaN', 'Infinity', '-Infinity']);
});

it('reads the three names, in this spelling alone', () => {
  expect(['NaN', 'Infinity', '-Infinity'].map(notFiniteNamed)).toEqual([NaN, Infinity, -Infinity]);
  for (const other of ['nan', 'inf', '+Infinity', 'Infinity ', '', 1, Number.NaN, null, undefined])
    expect(notFiniteNamed(other)).toBeUndefined();
});
