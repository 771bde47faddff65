// Runs a Lambda function's code in Node: the package comes in MLOPS_LAMBDA_CODE (hexadecimal), the event by standard input.
// The packages that Lambda's runtime brings along (@aws-sdk/*) are found from here.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const archive = Buffer.from(process.env.MLOPS_LAMBDA_CODE, 'hex');
// one stored entry, as generate/rotation-package.ts writes it
const start = 30 + archive.readUInt16LE(26) + archive.readUInt16LE(28);
const folder = mkdtempSync(join(import.meta.dirname, '.lambda-'));
const file = join(folder, 'index.mjs');
writeFileSync(file, archive.subarray(start, start + archive.readUInt32LE(18)));
try {
  const { handler } = await import(pathToFileURL(file).href);
  process.stdout.write(JSON.stringify((await handler(JSON.parse(await text(process.stdin)))) ?? null));
} finally {
  rmSync(folder, { recursive: true });
}
