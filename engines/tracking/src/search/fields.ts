import { type Comparison, invalidFilter, type Operator } from './filter.ts';

type ValueType = 'number' | 'string';

/** What one field of a search takes. */
export interface FieldRule {
  readonly type: ValueType;
  readonly operators: readonly Operator[];
}

export const NUMBER_OPERATORS: readonly Operator[] = ['=', '!=', '>', '>=', '<', '<='];
export const STRING_OPERATORS: readonly Operator[] = ['=', '!=', 'LIKE', 'ILIKE'];
export const NULLABLE_STRING_OPERATORS: readonly Operator[] = [...STRING_OPERATORS, 'IS NULL', 'IS NOT NULL'];

/** The entry of a name that a caller wrote; what every object inherits, such as `constructor`, is none. */
export function entryOf<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Checks operator and value of a comparison; what passes can be translated. @throws INVALID_PARAMETER */
export function checkComparison({ key, operator, value, text }: Comparison, kind: string, rule: FieldRule): void {
  if (!rule.operators.includes(operator)) {
    throw invalidFilter(
      `Invalid comparator '${operator}' for ${kind} '${key}' in '${text}'; it takes ${rule.operators.join(', ')}.`,
    );
  }
  if (value.kind === 'none' || value.kind === 'list') return;
  if (rule.type === 'number' && value.kind !== 'number') {
    throw invalidFilter(`Expected numeric value type for ${kind}. Found '${value.value}' in '${text}'.`);
  }
  if (rule.type === 'string' && value.kind !== 'string') {
    throw invalidFilter(`Expected a quoted string value for ${kind} '${key}'. Found ${value.value} in '${text}'.`);
  }
}

export function invalidAttribute(key: string, known: Iterable<string>): Error {
  return invalidFilter(`Invalid attribute key '${key}' specified. Valid keys are '${[...known].join(', ')}'.`);
}

export function invalidEntity(entity: string, known: readonly string[]): Error {
  return invalidFilter(`Invalid entity type '${entity}'. Valid values are ${known.join(', ')}.`);
}
