import { type Conditions, type Context, listOf } from './policy.ts';

/** `*` stands for any characters, `?` for one; nothing else is special. */
export function like(pattern: string, text: string): boolean {
  const expression = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : RegExp.escape(part)))
    .join('');
  return new RegExp(`^${expression}$`, 's').test(text);
}

/**
 * ARNs are compared part by part: a `*` stands for any characters of its part, and beyond it only in the last one.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
 */
function arnLike(pattern: string, text: string): boolean {
  const parts = (arn: string) => {
    const [a = '', b = '', c = '', d = '', e = '', ...rest] = arn.split(':');
    return [a, b, c, d, e, rest.join(':')];
  };
  const [expected, found] = [parts(pattern), parts(text)];
  return expected.every((part, index) => like(part, found[index] ?? ''));
}

type Compare = (expected: string, found: string) => boolean;

const number =
  (compare: (a: number, b: number) => boolean): Compare =>
  (expected, found) =>
    compare(Number(found), Number(expected));

/** The operators that say yes to a single value; `Not…` are their negations. */
const operators: Readonly<Record<string, Compare>> = {
  StringEquals: (expected, found) => expected === found,
  StringEqualsIgnoreCase: (expected, found) => expected.toLowerCase() === found.toLowerCase(),
  StringLike: like,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: (expected, found) => expected.toLowerCase() === found.toLowerCase(),
  NumericEquals: number((a, b) => a === b),
  NumericLessThan: number((a, b) => a < b),
  NumericLessThanEquals: number((a, b) => a <= b),
  NumericGreaterThan: number((a, b) => a > b),
  NumericGreaterThanEquals: number((a, b) => a >= b),
};

const negations: Readonly<Record<string, string>> = {
  StringNotEquals: 'StringEquals',
  StringNotEqualsIgnoreCase: 'StringEqualsIgnoreCase',
  StringNotLike: 'StringLike',
  ArnNotEquals: 'ArnEquals',
  ArnNotLike: 'ArnLike',
  NumericNotEquals: 'NumericEquals',
};

/** A key of the request's context; names of keys have no case. */
function valuesOf(context: Context, key: string): readonly string[] {
  const name = Object.keys(context).find((one) => one.toLowerCase() === key.toLowerCase());
  return name === undefined ? [] : listOf(context[name]);
}

/**
 * Fills in `${aws:userid}` and its like; `${*}` is a star that is none. A variable that the request does not have makes the text match
 * nothing. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
export function filled(text: string, context: Context): string | undefined {
  let missing = false;
  const result = text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
    if (name === '*' || name === '?' || name === '$') return name;
    const [value] = valuesOf(context, name);
    missing ||= value === undefined;
    return value ?? '';
  });
  return missing ? undefined : result;
}

/**
 * Whether all conditions of a statement hold: all operators, all keys, one of the values.
 * @throws Error for an operator that is not known here: a decision that leaves one out would be a guess
 */
export function hold(conditions: Conditions, context: Context): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, values]) => holds(operator, key, listOf(values), context)),
  );
}

function holds(operator: string, key: string, expected: readonly string[], context: Context): boolean {
  const found = valuesOf(context, key);
  if (operator === 'Null') return expected.some((one) => (one.toLowerCase() === 'true') === (found.length === 0));
  const [, set, plain = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
  const positive = operators[plain] ?? operators[negations[plain] ?? ''];
  if (!positive) throw new Error(`unknown operator ${operator}`);
  if (found.length === 0) {
    if (ifExists || set === 'ForAllValues') return true;
    // a negation holds of what is not there, but for a set of which one must fit
    return plain in negations && set !== 'ForAnyValue';
  }
  const texts = expected.map((one) => filled(one, context)).filter((one) => one !== undefined);
  const one = (value: string) => {
    const fits = texts.some((text) => positive(text, value));
    return plain in negations ? !fits : fits;
  };
  return set === 'ForAnyValue' ? found.some(one) : found.every(one);
}
