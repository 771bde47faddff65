// Writes what is derived from other files below terraform/: READMEs' tables, the tests of all modules, the function's package.
//   node generate/main.ts            writes         node generate/main.ts --check    fails if something is not up to date
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generated } from './index.ts';

const root = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const stale = Object.entries(generated()).filter(([path, content]) => !content.equals(read(join(root, path))));
for (const [path, content] of stale) if (!check) writeFileSync(join(root, path), content);
if (stale.length > 0) console.log(`${check ? 'Not up to date' : 'Written'}: ${stale.map(([path]) => path).join(', ')}`);
process.exitCode = check && stale.length > 0 ? 1 : 0;

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
