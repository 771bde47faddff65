import { PlatformError } from '@mlops/errors';
import { closest, distance } from 'fastest-levenshtein';
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

/** The way to a value inside of a file: `['feature_views', 0, 'ttl']`. */
export type Path = readonly (string | number)[];

/** A file of definitions that knows where in its text everything stands. */
export class DefinitionsText {
  readonly file: string;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  constructor(file: string, text: string) {
    this.file = file;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  /** What makes the text no YAML. */
  problems(): string[] {
    return this.#document.errors.map(({ message, pos }) => `${this.#at(pos[0])}: ${message}`);
  }

  /** What the text says; an empty file says nothing. @throws where aliases would make it far larger than its text */
  value(): unknown {
    return (this.#document.toJS() as unknown) ?? {};
  }

  /** `file:line:column: the/path: message` of the deepest thing on the path that exists. */
  problem(path: Path, message: string): string {
    const field = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return `${this.#at(this.#offset(path))}: ${field.replace(/^\./, '') || 'file'}: ${message}`;
  }

  #at(offset: number): string {
    const { line, col } = this.#lines.linePos(offset);
    return `${this.file}:${line}:${col}`;
  }

  #offset(path: Path): number {
    let node: unknown = this.#document.contents;
    let offset = (node as Node | null)?.range?.[0] ?? 0;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        if (pair === undefined) return offset;
        offset = (pair.key as Node).range?.[0] ?? offset;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = (node as Node | undefined)?.range?.[0] ?? offset;
      } else return offset;
    }
    return offset;
  }
}

/** `; did you mean 'x'?` where something near is known. */
export function nearest(word: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const near = closest(word, [...known]);
  const isNear = distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(2, word.length / 2);
  return isNear ? `; did you mean '${near}'?` : `; known are ${[...known].slice(0, 20).join(', ')}.`;
}

const SHOWN_MAX = 20;

/** @throws INVALID_PARAMETER with all of the problems, where there are any */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, SHOWN_MAX);
  const more = problems.length > SHOWN_MAX ? [`… and ${problems.length - SHOWN_MAX} more`] : [];
  throw new PlatformError('INVALID_PARAMETER', `definitions:\n${[...shown, ...more].join('\n')}`, {
    field: 'definitions',
  });
}
