import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const modules = join(import.meta.dirname, '../modules');

/**
 * `terraform test` finds the tests of the folder it runs in and those of its tests/, no deeper. So each module's tests stand
 * once more in terraform/tests, each run with the module's address, and one command runs them all.
 * @returns the files' content by their path below terraform/
 */
export function rootTests(): Record<string, string> {
  const names = readdirSync(modules).sort();
  return Object.fromEntries(names.map((name) => [`tests/${name}.tftest.hcl`, rootTest(name)]));
}

function rootTest(module: string): string {
  const text = readFileSync(join(modules, module, `tests/${module}.tftest.hcl`), 'utf8')
    .replaceAll('"../../tests/mocks"', '"./tests/mocks"')
    .replace(
      /^run "\w+" \{\n+/gm,
      (opening) => `${opening.trimEnd()}\n  module {\n    source = "./modules/${module}"\n  }\n\n`,
    );
  return `# Written by npm run generate from modules/${module}/tests.\n\n${text}`;
}
