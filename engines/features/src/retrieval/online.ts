import { PlatformError } from '@mlops/errors';
import type { Project } from '../model.ts';
import type { OnlineStore } from '../online/store.ts';
import { invalid } from '../refusals.ts';
import { coerceKey } from '../values/coerce.ts';
import { encodeValue, UNSET } from '../values/encode.ts';
import { type KeyPart, type KeyValue, serializeEntityKey } from '../values/entity-key.ts';
import { EPOCH, type Instant } from '../values/instant.ts';
import { type Plan, type PlannedGroup, type PlannedView, planOf } from './plan.ts';
import type { FeatureSelection } from './selection.ts';

export type FieldStatus = 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';

export interface OnlineRequest extends FeatureSelection {
  /** Key columns, each with a value for every row. Columns that no view needs are ignored, as Feast does. */
  readonly entities: Readonly<Record<string, readonly unknown[]>>;
}

/**
 * One column of the answer. What is equal for several columns is the same array, so that it is written out once.
 */
export interface OnlineColumn {
  readonly name: string;
  /** Serialized as feast.types.Value; no bytes: null. A value that is too old is there as well: its status tells. */
  readonly values: readonly Uint8Array[];
  readonly statuses: readonly FieldStatus[];
  readonly eventTimestamps: readonly Instant[];
}

/** First the key columns in the order of the request, then the features in the order of asking. */
export interface OnlineFeatures {
  readonly columns: readonly OnlineColumn[];
}

/** Values of one answer: they take some 40 MB as JSON. */
const VALUES_MAX = 1_000_000;

interface Keys {
  readonly rows: number;
  /** By the name of the column, in the order of the request. */
  readonly columns: ReadonlyMap<string, readonly KeyValue[]>;
}

/**
 * Reads the newest values.
 * @throws as `planOf`; INVALID_PARAMETER, MISSING_PARAMETER about the keys; PAYLOAD_TOO_LARGE; as the store
 */
export async function readOnline(
  project: Project,
  store: OnlineStore,
  request: OnlineRequest,
  now = Date.now(),
): Promise<OnlineFeatures> {
  const plan = planOf(project, request);
  const keys = keysOf(plan, request.entities);
  if (keys.rows * plan.columns.length > VALUES_MAX) {
    const asked = `${keys.rows} rows of ${plan.columns.length} features`;
    throw new PlatformError(
      'PAYLOAD_TOO_LARGE',
      `entities: an answer may have ${VALUES_MAX} values, not ${asked}; ask in parts.`,
      { field: 'entities' },
    );
  }
  const groups = await Promise.all(plan.groups.map((group) => readGroup(project.name, store, group, keys, now)));
  const features = plan.columns.map(({ name, group, view, feature }) => groups[group]?.[view]?.(name, feature));
  return { columns: [...keyColumns(plan, keys), ...features.filter((column) => column !== undefined)] };
}

function keysOf(plan: Plan, entities: OnlineRequest['entities']): Keys {
  const given = Object.entries(entities);
  const rows = given[0]?.[1].length ?? (plan.keys.size === 0 ? 1 : 0);
  const columns = new Map<string, KeyValue[]>();
  for (const [name, values] of given) {
    if (values.length !== rows) {
      throw invalid(`entities.${name}`, `has ${values.length} values, '${given[0]?.[0]}' has ${rows}; give as many.`);
    }
    const column = plan.keys.has(name) ? name : (plan.aliases.get(name) ?? name);
    const type = plan.keys.get(column);
    if (type === undefined || columns.has(column)) continue;
    columns.set(
      column,
      values.map((value, i) => coerceKey(type, value, `entities.${name}[${i}]`)),
    );
  }
  const missing = [...plan.keys.keys()].filter((column) => !columns.has(column));
  if (missing.length > 0 || rows === 0) {
    const named = (missing.length > 0 ? missing : [...plan.keys.keys()]).join(', ');
    throw new PlatformError('MISSING_PARAMETER', `entities: give values for the key ${named}.`, { field: 'entities' });
  }
  return { rows, columns };
}

function keyColumns(plan: Plan, { rows, columns }: Keys): OnlineColumn[] {
  const statuses = Array.from<FieldStatus>({ length: rows }).fill('PRESENT');
  const eventTimestamps = Array.from<Instant>({ length: rows }).fill(EPOCH);
  return [...columns].map(([name, values]) => {
    const type = plan.keys.get(name) ?? 'string';
    return { name, values: values.map((value) => encodeValue(type, value)), statuses, eventTimestamps };
  });
}

type ColumnOf = (name: string, feature: number) => OnlineColumn;

/** Reads each key once, however many rows have it. */
async function readGroup(
  project: string,
  store: OnlineStore,
  { keys: planned, isEntityless, views }: PlannedGroup,
  keys: Keys,
  now: number,
): Promise<ColumnOf[]> {
  const places: number[] = [];
  const distinct = new Map<string, number>();
  const serialized: Buffer[] = [];
  for (let row = 0; row < keys.rows; row++) {
    const parts = planned.map(
      ({ joinKey, column, type }): KeyPart => ({
        joinKey,
        type,
        value: isEntityless ? '' : (keys.columns.get(column)?.[row] ?? ''),
      }),
    );
    const key = serializeEntityKey(parts);
    const text = key.toString('latin1');
    let place = distinct.get(text);
    if (place === undefined) {
      place = serialized.push(key) - 1;
      distinct.set(text, place);
    }
    places.push(place);
  }
  const found = await store.read(project, serialized, views);
  const spread = <T>(items: readonly T[]): readonly T[] =>
    serialized.length === keys.rows ? items : places.map((place) => items[place] as T);
  return views.map((view, i) => {
    const { events = [], values = [] } = found[i] ?? {};
    return columnsOf(view, spread(events), (feature) => spread(values[feature] ?? []), now);
  });
}

function columnsOf(
  { ttlSeconds }: PlannedView,
  events: readonly (Instant | undefined)[],
  valuesOf: (feature: number) => readonly (Uint8Array | undefined)[],
  now: number,
): ColumnOf {
  const oldest = ttlSeconds === 0 ? Number.NEGATIVE_INFINITY : now / 1000 - ttlSeconds;
  const eventTimestamps = events.map((event) => event ?? EPOCH);
  const ofRows = events.map((event): FieldStatus => {
    if (event === undefined) return 'NOT_FOUND';
    return event.seconds + event.nanos / 1e9 < oldest ? 'OUTSIDE_MAX_AGE' : 'PRESENT';
  });
  return (name, feature) => {
    let statuses = ofRows;
    const values = valuesOf(feature).map((value, row) => {
      if (events[row] === undefined || (value !== undefined && value.length > 0)) return value ?? UNSET;
      if (statuses === ofRows) statuses = [...ofRows];
      if (value === undefined) statuses[row] = 'NOT_FOUND';
      else if (statuses[row] === 'PRESENT') statuses[row] = 'NULL_VALUE';
      return UNSET;
    });
    return { name, values, statuses, eventTimestamps };
  };
}
