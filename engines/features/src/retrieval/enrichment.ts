import { PlatformError } from '@mlops/errors';
import type { Feature, FeatureView, Project } from '../model.ts';
import { noSuchService } from '../refusals.ts';
import { decodeValue } from '../values/decode.ts';
import type { FeatureValue } from '../values/feature-value.ts';
import { formatInstant } from '../values/instant.ts';
import type { FieldStatus, OnlineColumn, OnlineFeatures, OnlineRequest } from './online.ts';

/** A request to a model, by columns. */
export interface Lacking {
  readonly rows: number;
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  /** Columns that are of use; entity keys beside them are taken out. */
  readonly wanted: readonly string[];
}

export interface Filled {
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
  /** For each row: the service, the keys, and what was filled in with its event times; plain JSON. */
  readonly served: readonly Readonly<Record<string, unknown>>[];
}

type Read = (request: OnlineRequest) => Promise<OnlineFeatures>;

/** Views of a service that are found by the same columns. */
interface Group {
  readonly keys: readonly string[];
  readonly features: readonly Feature[];
}

const groups = new WeakMap<Project, Map<string, readonly Group[]>>();
const SHOWN_MAX = 10;

/**
 * Fills what a request lacks from a feature service: a value that is given stays, null is none. A stored null is a
 * value; where a key has no row, or one that is too old, the feature's default counts.
 * @throws NOT_FOUND; MISSING_FEATURES naming those that are nowhere; as the online store
 */
export async function enrich(project: Project, service: string, request: Lacking, read: Read): Promise<Filled> {
  const { rows, wanted } = request;
  const columns = new Map(request.columns);
  const served = Array.from({ length: rows }, () => ({
    service,
    keys: {} as Record<string, unknown>,
    values: {} as Record<string, unknown>,
    event_timestamps: {} as Record<string, string>,
  }));
  const missing: string[] = [];
  const all = groupsOf(project, service);
  const lacking = all.flatMap(({ keys, features }) => {
    const names = features.filter(({ name }) => wanted.includes(name) && lacks(columns.get(name), rows));
    return names.length === 0 ? [] : [{ keys, features: names }];
  });
  await Promise.all(
    lacking.map(async ({ keys, features }) => {
      const known = rowsWithKeys(request, keys);
      const found = known.size === 0 ? [] : await valuesOf(read, service, { keys, features }, request, known);
      for (const [i, feature] of features.entries()) {
        const given = request.columns.get(feature.name);
        const values = served.map((line, row): unknown => {
          const value = given?.[row];
          if (!isNothing(value)) return value;
          const place = known.get(row);
          const cell = place === undefined ? undefined : cellOf(found[i], place);
          if (cell?.isThere) line.event_timestamps[feature.name] = cell.time;
          else if (feature.default === undefined) {
            missing.push(`${feature.name} (row ${row}: ${cell?.why ?? `no value of the key ${keys.join(', ')}`})`);
          }
          const filled = cell?.isThere ? cell.value : (feature.default ?? null);
          line.values[feature.name] = filled;
          return filled;
        });
        columns.set(feature.name, values);
      }
      for (const row of known.keys()) {
        for (const key of keys)
          Object.assign(served[row]?.keys ?? {}, { [key]: plain(request.columns.get(key)?.[row]) });
      }
    }),
  );
  if (missing.length > 0) throw missingFeatures(service, missing);
  for (const { keys } of all) for (const key of keys) if (!wanted.includes(key)) columns.delete(key);
  return { columns, served };
}

function groupsOf(project: Project, name: string): readonly Group[] {
  const known = groups.get(project) ?? new Map<string, readonly Group[]>();
  groups.set(project, known);
  const before = known.get(name);
  if (before !== undefined) return before;
  const service = project.services.get(name);
  if (service === undefined) throw noSuchService(name, project.name);
  const byKeys = new Map<string, { keys: readonly string[]; features: Feature[] }>();
  for (const { view: viewName, features, joinKeyMap } of service.projections) {
    const view = project.views.get(viewName);
    if (view === undefined) continue;
    const keys = keysOf(view, joinKeyMap);
    const group = byKeys.get(keys.join('\n')) ?? { keys, features: [] };
    group.features.push(...view.features.filter((feature) => features.includes(feature.name)));
    byKeys.set(keys.join('\n'), group);
  }
  const made = [...byKeys.values()];
  known.set(name, made);
  return made;
}

function keysOf({ entities, joinKeys }: FeatureView, joinKeyMap: Readonly<Record<string, string>>): string[] {
  return entities.length === 0 ? [] : joinKeys.map(({ name }) => joinKeyMap[name] ?? name);
}

function lacks(column: readonly unknown[] | undefined, rows: number): boolean {
  return column === undefined || Array.from({ length: rows }).some((_, row) => isNothing(column[row]));
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

/** The rows that have all of the keys, with their places in what is asked for. */
function rowsWithKeys({ rows, columns }: Lacking, keys: readonly string[]): ReadonlyMap<number, number> {
  const all = Array.from({ length: rows }, (_, row) => row);
  const known = all.filter((row) => keys.every((key) => !isNothing(columns.get(key)?.[row])));
  // What has no key has one row for all.
  return new Map(known.map((row, place) => [row, keys.length === 0 ? 0 : place]));
}

async function valuesOf(
  read: Read,
  service: string,
  { keys, features }: Group,
  { columns }: Lacking,
  rows: ReadonlyMap<number, number>,
): Promise<(OnlineColumn | undefined)[]> {
  const entities = Object.fromEntries(keys.map((key) => [key, [...rows.keys()].map((row) => columns.get(key)?.[row])]));
  const { columns: found } = await read({ service, only: features.map(({ name }) => name), entities });
  const byName = new Map(found.map((column) => [column.name, column]));
  return features.map(({ name }) => byName.get(name));
}

const WHY: Partial<Record<FieldStatus, string>> = { NOT_FOUND: 'not found', OUTSIDE_MAX_AGE: 'too old' };

function cellOf(column: OnlineColumn | undefined, row: number) {
  const status = column?.statuses[row] ?? 'NOT_FOUND';
  const why = WHY[status];
  const bytes = column?.values[row];
  const event = column?.eventTimestamps[row];
  const isThere = why === undefined;
  return {
    isThere,
    why,
    value: isThere && bytes !== undefined && bytes.length > 0 ? plain(decodeValue(bytes)) : null,
    time: event === undefined ? '' : formatInstant(event),
  };
}

/** A value as a request in JSON would have it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return (value as FeatureValue[]).map(plain);
  return value ?? null;
}

function missingFeatures(service: string, missing: readonly string[]): PlatformError {
  const more = missing.length > SHOWN_MAX ? ` and ${missing.length - SHOWN_MAX} more` : '';
  const named = `${missing.slice(0, SHOWN_MAX).join(', ')}${more}`;
  const message = `The feature service '${service}' has no value for ${named}, and no default; give it with the request.`;
  return new PlatformError('MISSING_FEATURES', message, { field: missing[0]?.split(' ')[0] ?? '' });
}
