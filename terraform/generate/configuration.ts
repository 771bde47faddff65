import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A top-level block of HCL, such as `variable "name" { … }`. */
export interface Block {
  readonly kind: string;
  readonly labels: readonly string[];
  /** Attributes of the block itself, as written: those of blocks inside are left out. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Kinds of the blocks directly inside, such as validation, in their order. */
  readonly inside: readonly string[];
}

/**
 * The top-level blocks of a folder's .tf files. Reads what `terraform fmt` writes: a block opens and closes at the line's
 * start, its attributes stand two columns in, and what belongs to a value stands deeper or closes a bracket.
 */
export function blocks(folder: string): Block[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.tf'))
    .sort();
  return files.flatMap((name) => blocksOf(readFileSync(join(folder, name), 'utf8')));
}

function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^(\w+)((?: "[^"]+")*) \{\n([\s\S]*?)^\}$/gm)].map(
    ([, kind = '', labels = '', body = '']) => ({
      kind,
      labels: [...labels.matchAll(/"([^"]+)"/g)].map(([, label = '']) => label),
      attributes: attributesOf(body),
      inside: [...body.matchAll(/^ {2}(\w+)(?: "[^"]+")? \{$/gm)].map(([, inner = '']) => inner),
    }),
  );
}

function attributesOf(body: string): Record<string, string> {
  const attributes = body.matchAll(/^ {2}(\w+) += (.*(?:\n(?: {3,}.*|(?=\n)))*(?:\n {2}[\])}].*)?)/gm);
  return Object.fromEntries([...attributes].map(([, name = '', value = '']) => [name, value.trimEnd()]));
}

/** A quoted string of HCL without its quotes. */
export function text(value: string | undefined): string {
  return value === undefined ? '' : (JSON.parse(value) as string);
}
