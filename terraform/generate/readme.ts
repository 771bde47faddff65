import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Block, blocks, text } from './configuration.ts';

const modules = join(import.meta.dirname, '../modules');
const BEGIN = '<!-- BEGIN_TF_DOCS -->';
const END = '<!-- END_TF_DOCS -->';

/**
 * The modules' READMEs: what stands before the marker is written by hand; the tables between the markers come from the
 * module's own files, in the form of terraform-docs, and the example from its tests, which know that it is accepted.
 * @returns the files' content by their path below terraform/
 */
export function readmes(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(modules)
      .sort()
      .map((name) => [`modules/${name}/README.md`, readme(join(modules, name))]),
  );
}

function readme(folder: string): string {
  const [before = ''] = readFileSync(join(folder, 'README.md'), 'utf8').split(BEGIN);
  const all = blocks(folder);
  return `${before.trimEnd()}\n\n${BEGIN}\n${usage(folder, all)}\n\n${tables(all)}\n${END}\n`;
}

function usage(folder: string, all: readonly Block[]): string {
  const module = basename(folder);
  const tests = readFileSync(join(folder, `tests/${module}.tftest.hcl`), 'utf8');
  const [, values = ''] = /^variables \{\n([\s\S]*?)^\}$/m.exec(tests) ?? [];
  const head = needsSecondary(all)
    ? [`  source    = "../../modules/${module}"`, '  providers = { aws = aws, aws.secondary = aws.secondary }']
    : [`  source = "../../modules/${module}"`];
  return [
    '## Usage',
    '',
    '```hcl',
    `module "${module.replaceAll('-', '_')}" {`,
    ...head,
    '',
    values.trimEnd(),
    '}',
    '```',
  ].join('\n');
}

function needsSecondary(all: readonly Block[]): boolean {
  return all.some(({ attributes }) => attributes['provider'] === 'aws.secondary');
}

function tables(all: readonly Block[]): string {
  const of = (kind: string) =>
    all.filter((block) => block.kind === kind).sort((a, b) => (label(a) < label(b) ? -1 : 1));
  const named = (kind: string, prefix: string) =>
    of(kind).map(({ labels: [type = '', name = ''] }) => `| ${prefix}${type}.${name} | ${documentation(type, kind)} |`);
  const inputs = of('variable').map(({ labels: [name = ''], attributes }) => {
    const { default: value } = attributes;
    return `| ${name} | ${text(attributes['description'])} | ${code(attributes['type'] ?? 'any')} | ${value === undefined ? 'n/a' : code(value)} | ${value === undefined ? 'yes' : 'no'} |`;
  });
  const outputs = of('output').map(
    ({ labels: [name = ''], attributes }) => `| ${name} | ${text(attributes['description'])} |`,
  );
  const providers = [
    '| aws | >= 5.100.0, < 7.0.0 |',
    ...(needsSecondary(all) ? ['| aws.secondary | >= 5.100.0, < 7.0.0 |'] : []),
  ];
  return [
    section('Requirements', ['Name', 'Version'], ['| terraform | >= 1.11.0 |', '| aws | >= 5.100.0, < 7.0.0 |']),
    section('Providers', ['Name', 'Version'], providers),
    section('Resources', ['Name', 'Type'], [...named('resource', ''), ...named('data', 'data.')]),
    section('Inputs', ['Name', 'Description', 'Type', 'Default', 'Required'], inputs),
    section('Outputs', ['Name', 'Description'], outputs),
  ].join('\n\n');
}

function label({ labels }: Block): string {
  return labels.join('.');
}

function documentation(type: string, kind: string): string {
  const page = `https://registry.terraform.io/providers/hashicorp/aws/latest/docs/${kind === 'data' ? 'data-sources' : 'resources'}/${type.replace('aws_', '')}`;
  return `[${kind === 'data' ? 'data source' : 'resource'}](${page})`;
}

function section(title: string, head: readonly string[], rows: readonly string[]): string {
  return [
    `## ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map((name) => '-'.repeat(name.length + 2)).join('|')}|`,
    ...rows,
  ].join('\n');
}

/** A value in a cell of a table: several lines need a <pre>, and a bar would end the cell. */
function code(value: string): string {
  const escaped = value.replaceAll('|', '\\|');
  if (!escaped.includes('\n')) return `\`${escaped}\``;
  return `<pre>${escaped
    .replaceAll('<', '&lt;')
    .replace(/\n {2}/g, '\n')
    .replaceAll('\n', '<br>')}</pre>`;
}
