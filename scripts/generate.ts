// Writes what is derived from the code: the OpenAPI document, the SDK's types, the settings reference, the schema of
// feature definitions, GitHub's workflows, and what of Terraform is.
//   npm run generate            writes         npm run generate -- --check    fails if something is not up to date
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { settingsReference } from '@mlops/configuration';
import { definitionsSchema } from '@mlops/features';
import { openApi } from '@mlops/platform-api';
import { generated as generatedTerraform } from '@mlops/terraform';
import openapiTS, { astToString } from 'openapi-typescript';

const root = join(import.meta.dirname, '..');
const types = astToString(await openapiTS(structuredClone(openApi) as unknown as Parameters<typeof openapiTS>[0]));
const terraform = Object.entries(generatedTerraform()).map(
  ([path, content]) => [`terraform/${path}`, content] as const,
);
// GitHub runs what stands in its own folder, and nothing else.
const sources = (await readdir(join(root, 'cicd'))).filter((file) => file.endsWith('.yml'));
const workflows = await Promise.all(
  sources.map(async (file) => {
    const text = await readFile(join(root, 'cicd', file), 'utf8');
    return [`.github/workflows/${file}`, `# Written by npm run generate from cicd/${file}.\n${text}`] as const;
  }),
);
const files: Record<string, string | Buffer> = {
  ...Object.fromEntries(terraform),
  ...Object.fromEntries(workflows),
  'docs/reference/openapi.json': `${JSON.stringify(openApi, null, 2)}\n`,
  'docs/reference/feature-definitions.schema.json': `${JSON.stringify(definitionsSchema, null, 2)}\n`,
  'docs/reference/settings.md': settingsReference(),
  'sdk/src/generated/platform.ts': `// Generated from docs/reference/openapi.json by npm run generate.\n${types}`,
};

const check = process.argv.includes('--check');
const stale: string[] = [];
for (const [path, content] of Object.entries(files)) {
  const current = await readFile(join(root, path)).catch(() => undefined);
  if (current?.equals(Buffer.from(content))) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}
if (check && stale.length > 0) {
  console.error(`Not up to date (npm run generate writes them): ${stale.join(', ')}`);
  process.exit(1);
}
console.log(stale.length === 0 ? 'Everything generated is up to date.' : `Written: ${stale.join(', ')}`);
