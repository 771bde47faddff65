import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { expect, it } from 'vitest';

interface LockedPackage {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
  packages: Readonly<Record<string, LockedPackage>>;
};

/** Whether the lock file holds what a package finds under a name: beside it, or in a node_modules above. */
function isLocked(folder: string, name: string): boolean {
  if (join(folder, 'node_modules', name) in packages) return true;
  return folder !== '.' && isLocked(dirname(folder), name);
}

/** What a lock file names as optional and does not hold. */
function missing(): string[] {
  return Object.entries(packages).flatMap(([folder, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(folder || '.', name))
      .map((name) => `${name}, which ${folder} names`),
  );
}

// A lock file that was written on one platform can lack the programs of the others: npm ci then refuses to work there.
it('holds every optional dependency that a package names, those of other platforms included', () => {
  const named = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
  expect(named.length).toBeGreaterThan(20);
  expect(missing()).toEqual([]);
});
