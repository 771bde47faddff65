// npm run check: types, format, lint, the import laws, dead code, and whether everything generated is up to date.
import { join } from 'node:path';
import { run } from '@mlops/child-process';

/** Fewer modules than this means that the laws were checked on nothing: the tool cannot read this TypeScript. */
const MODULES_MIN = 100;
const PRODUCT = ['packages', 'engines', 'platform-api', 'cli', 'sdk', 'examples'];
const AROUND = ['terraform', 'kubernetes', 'bench', 'scripts', 'cicd'];
const bin = (name: string) => join(import.meta.dirname, '../node_modules/.bin', name);

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** A further look at the output of a step that succeeded: what is wrong with it. */
  readonly inspect?: (output: string) => string | undefined;
}

const steps: readonly Step[] = [
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  { name: 'format', command: [bin('biome'), 'check', '--error-on-warnings', '.'] },
  { name: 'lint', command: [bin('oxlint'), '--type-aware', '--deny-warnings', '.'] },
  {
    name: 'import laws',
    command: [bin('depcruise'), ...PRODUCT, ...AROUND],
    inspect: (output) => {
      const modules = Number(/(\d+) modules/.exec(output)?.[1] ?? 0);
      return modules < MODULES_MIN ? `only ${modules} modules were seen` : undefined;
    },
  },
  { name: 'dead code', command: [bin('knip'), '--no-config-hints'] },
  { name: 'generated files', command: [process.execPath, join(import.meta.dirname, 'generate.ts'), '--check'] },
];

const wanted = process.argv.slice(2);
let failed = 0;
for (const { name, command, inspect } of steps) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const started = performance.now();
  const [program = '', ...args] = command;
  const { code, stdout, stderr } = await run(program, args);
  const output = `${stdout}${stderr}`;
  const problem = code === 0 ? inspect?.(output) : `exit ${code}`;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${problem === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (problem === undefined) continue;
  failed += 1;
  console.log(`${output}\n${name}: ${problem}`);
}
process.exitCode = failed === 0 ? 0 : 1;
