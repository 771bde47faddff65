import { PlatformError } from '@mlops/errors';

// MLflow's filter language (mlflow/utils/search_utils.py): comparisons joined by AND. This file knows its grammar; what
// a key may be and which operators it takes, each kind of search says itself (fields.ts).

const OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'LIKE', 'ILIKE', 'IN', 'NOT IN', 'IS NULL', 'IS NOT NULL'] as const;
export type Operator = (typeof OPERATORS)[number];

export type FilterValue =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly value: readonly string[] }
  | { readonly kind: 'none' };

export interface Comparison {
  /** What stands before the first point, as written; undefined: no prefix. */
  readonly entity: string | undefined;
  readonly key: string;
  readonly operator: Operator;
  readonly value: FilterValue;
  /** The comparison as written, for messages. */
  readonly text: string;
}

type TokenKind = 'word' | 'backticked' | 'string' | 'number' | 'operator' | 'punctuation';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const TOKENS: readonly [TokenKind, RegExp][] = [
  ['backticked', /`([^`]*)`/y],
  ['string', /'([^']*)'|"([^"]*)"/y],
  ['operator', /!=|>=|<=|<>|==|[=<>]/y],
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['word', /[\p{L}\p{N}_][\p{L}\p{N}_.\-/:]*/uy],
  ['punctuation', /[(),]/y],
];
const FILTER_LENGTH_MAX = 20_000;
const COMPARISONS_MAX = 200;

/** The comparisons of a filter; an empty filter has none. @throws INVALID_PARAMETER */
export function parseFilter(filter: string | undefined): readonly Comparison[] {
  if (filter === undefined || filter.trim() === '') return [];
  if (filter.length > FILTER_LENGTH_MAX)
    throw invalidFilter(`The filter is longer than ${FILTER_LENGTH_MAX} characters.`);
  return new Parser(filter).parse();
}

export function invalidFilter(message: string): PlatformError {
  return new PlatformError('INVALID_PARAMETER', message, { field: 'filter' });
}

class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  parse(): Comparison[] {
    const comparisons = [this.#comparison()];
    while (this.#at < this.#tokens.length) {
      if (!this.#keyword('AND')) throw this.#wrong();
      if (comparisons.length === COMPARISONS_MAX)
        throw invalidFilter(`The filter has more than ${COMPARISONS_MAX} comparisons.`);
      comparisons.push(this.#comparison());
    }
    return comparisons;
  }

  #comparison(): Comparison {
    const start = this.#peek()?.start ?? this.#source.length;
    const identifier = this.#identifier();
    const operator = this.#operator();
    const value = this.#value(operator);
    const end = this.#tokens[this.#at - 1]?.end;
    return { ...identifier, operator, value, text: this.#source.slice(start, end) };
  }

  /** `entity.key`, `entity.\`key\``, `entity."key"`, or a key alone; only the first point separates. */
  #identifier(): { entity: string | undefined; key: string } {
    const first = this.#take('word', 'backticked', 'string');
    const next = this.#peek();
    const isPrefix = first.kind === 'word' && first.text.endsWith('.');
    if (isPrefix && next?.start === first.end && (next.kind === 'backticked' || next.kind === 'string')) {
      this.#at++;
      return { entity: first.text.slice(0, -1), key: next.text };
    }
    const point = first.text.indexOf('.');
    if (point < 0) return { entity: undefined, key: first.text };
    return { entity: first.text.slice(0, point), key: trimQuotes(first.text.slice(point + 1)) };
  }

  #operator(): Operator {
    const token = this.#peek();
    if (token?.kind === 'operator') {
      this.#at++;
      return token.text === '<>' ? '!=' : token.text === '==' ? '=' : (token.text as Operator);
    }
    if (this.#keyword('LIKE')) return 'LIKE';
    if (this.#keyword('ILIKE')) return 'ILIKE';
    if (this.#keyword('IN')) return 'IN';
    if (this.#keyword('NOT')) {
      if (this.#keyword('IN')) return 'NOT IN';
      throw this.#wrong();
    }
    if (!this.#keyword('IS')) throw this.#wrong();
    const negated = this.#keyword('NOT');
    if (!this.#keyword('NULL')) throw this.#wrong();
    return negated ? 'IS NOT NULL' : 'IS NULL';
  }

  #value(operator: Operator): FilterValue {
    if (operator === 'IS NULL' || operator === 'IS NOT NULL') return { kind: 'none' };
    if (operator === 'IN' || operator === 'NOT IN') return { kind: 'list', value: this.#list() };
    const token = this.#take('string', 'number', 'word', 'backticked');
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    if (token.kind === 'string') return { kind: 'string', value: token.text };
    throw invalidFilter(`Expected a quoted string value or a number, found ${token.text} in '${this.#source}'.`);
  }

  #list(): readonly string[] {
    if (this.#take('punctuation').text !== '(') throw this.#wrong();
    const items: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token?.kind !== 'string') {
        throw invalidFilter(
          `While parsing a list in '${this.#source}': it must hold at least one quoted string and nothing else.`,
        );
      }
      this.#at++;
      items.push(token.text);
      const separator = this.#take('punctuation').text;
      if (separator === ')') return items;
      if (separator !== ',') throw this.#wrong();
    }
  }

  #keyword(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'word' || token.text.toUpperCase() !== word) return false;
    this.#at++;
    return true;
  }

  #take(...kinds: TokenKind[]): Token {
    const token = this.#peek();
    if (!token || !kinds.includes(token.kind)) throw this.#wrong();
    this.#at++;
    return token;
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#at];
  }

  #wrong(): PlatformError {
    return invalidFilter(
      `Invalid clause(s) in filter string: '${this.#source}'. A filter is comparisons joined by AND, such as metrics.rmse < 1 AND params.model = 'tree'.`,
    );
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(source[at] ?? '')) at++;
    if (at >= source.length) return tokens;
    const token = tokenAt(source, at);
    if (!token)
      throw invalidFilter(
        `Invalid clause(s) in filter string: '${source}': it cannot be read from '${source.slice(at, at + 20)}' on.`,
      );
    tokens.push(token);
    at = token.end;
  }
}

function tokenAt(source: string, at: number): Token | undefined {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) return { kind, text: match[1] ?? match[2] ?? match[0], start: at, end: pattern.lastIndex };
  }
  return undefined;
}

/** A whole identifier in quotes may quote its key once more: "tags.\`a b\`". */
export function trimQuotes(key: string): string {
  return /^(`[^`]*`|"[^"]*")$/.test(key) ? key.slice(1, -1) : key;
}
