import { readFile } from 'node:fs/promises';
import { fromBinary } from '@bufbuild/protobuf';
import { PlatformError } from '@mlops/errors';
import { sourcePath } from '../definitions/source-path.ts';
import type {
  DataSource,
  Described,
  Entity,
  Feature,
  FeatureService,
  FeatureView,
  JoinKey,
  PiiClass,
  Project,
} from '../model.ts';
import { piiClasses } from '../model.ts';
import { ENTITYLESS_JOIN_KEY } from '../values/entity-key.ts';
import { isKeyType, type ValueType, valueTypeOf } from '../values/value-type.ts';
import {
  type EntityMessage,
  type FeatureServiceMessage,
  type FeatureSpec,
  type FeatureViewMessage,
  type RegistryMessage,
  registrySchema,
  type Seconds,
  type SourceMessage,
} from './messages.ts';

/** The entity that Feast gives to views without one. */
export const DUMMY_ENTITY = '__dummy';
/** `feast.core.DataSource.SourceType`. */
export const SOURCE_TYPES = [
  'INVALID',
  'BATCH_FILE',
  'BATCH_BIGQUERY',
  'STREAM_KAFKA',
  'STREAM_KINESIS',
  'BATCH_REDSHIFT',
  'CUSTOM_SOURCE',
  'REQUEST_SOURCE',
  'BATCH_SNOWFLAKE',
  'PUSH_SOURCE',
  'BATCH_TRINO',
  'BATCH_SPARK',
  'BATCH_ATHENA',
  'BATCH_ICEBERG',
];

/**
 * A project of Feast's file registry (`registry.db`). Relative paths of sources begin at `root`: Feast's repository.
 * @param name the project; may be left out where the registry holds one only
 * @throws INVALID_PARAMETER naming the file, and what of it cannot be used
 */
export async function readRegistry(path: string, root: string, name?: string): Promise<Project> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw unusable(path, `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, error);
  }
  return projectOf(decodeRegistry(bytes, path), path, root, name);
}

/** @throws INVALID_PARAMETER */
export function decodeRegistry(bytes: Uint8Array, path: string): RegistryMessage {
  try {
    return fromBinary(registrySchema, bytes) as unknown as RegistryMessage;
  } catch (error) {
    throw unusable(path, `is not a registry of Feast (${(error as Error).message})`, error);
  }
}

/** @param path names the registry in messages @throws INVALID_PARAMETER */
export function projectOf(registry: RegistryMessage, path: string, root: string, wanted: string | undefined): Project {
  const views = [...registry.featureViews, ...registry.streamFeatureViews];
  const known = new Set(registry.projects.flatMap(({ spec }) => spec?.name ?? []));
  for (const { spec } of [...views, ...registry.entities, ...registry.featureServices]) known.add(spec?.project ?? '');
  known.delete('');
  const [only] = known;
  const name = wanted ?? only;
  if (name === undefined || !known.has(name) || (wanted === undefined && known.size > 1)) {
    const all = [...known].join(', ') || 'no project';
    const what = wanted === undefined ? 'name one with --project' : `there is no project '${wanted}'`;
    throw unusable(path, `holds ${all}: ${what}`);
  }
  const isOurs = ({ spec }: { spec?: { project: string } }) => spec?.project === name;
  const entities = registry.entities.filter(isOurs).flatMap(entityOf);
  return {
    name,
    entities: byName(entities),
    sources: byName(registry.dataSources.filter(({ project }) => project === name).map((each) => sourceOf(each, root))),
    views: byName(
      views
        .filter(isOurs)
        .filter(({ spec }) => spec?.disabled !== true)
        .map((view) => viewOf(view, byName(entities), path, root)),
    ),
    services: byName(registry.featureServices.filter(isOurs).map(serviceOf)),
    onDemandViews: new Set(registry.onDemandFeatureViews.filter(isOurs).flatMap(({ spec }) => spec?.name ?? [])),
  };
}

function byName<T extends { name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function described({ name, description, owner, tags }: Described): Described {
  return { name, description, owner, tags: { ...tags } };
}

function entityOf({ spec }: EntityMessage): Entity[] {
  if (spec === undefined || spec.name === DUMMY_ENTITY) return [];
  const type = valueTypeOf(spec.valueType) ?? 'string';
  // A key that Feast cannot serialize is refused where a view uses it.
  return isKeyType(type) ? [{ ...described(spec), joinKey: spec.joinKey || spec.name, type }] : [];
}

function sourceOf(source: SourceMessage, root: string): DataSource {
  const base = described(source);
  const type = SOURCE_TYPES[source.type] ?? String(source.type);
  if (type === 'PUSH_SOURCE') return { ...base, kind: 'push', batchSource: source.batchSource?.name };
  if (type !== 'BATCH_FILE') return { ...base, kind: 'foreign', type };
  return {
    ...base,
    kind: 'file',
    path: sourcePath(source.fileOptions?.uri ?? '', root),
    timestampField: source.timestampField,
    createdTimestampColumn: source.createdTimestampColumn || undefined,
    fieldMapping: { ...source.fieldMapping },
  };
}

function viewOf(
  { spec, meta }: FeatureViewMessage,
  entities: ReadonlyMap<string, Entity>,
  path: string,
  root: string,
): FeatureView {
  if (spec === undefined) throw unusable(path, 'holds a view without a definition');
  const names = spec.entities.filter((name) => name !== DUMMY_ENTITY);
  const ends = (meta?.materializationIntervals ?? []).flatMap(({ endTime }) =>
    endTime ? [toMilliseconds(endTime)] : [],
  );
  const streamSource = spec.streamSource && sourceOf(spec.streamSource, root);
  const batchSource = spec.batchSource && sourceOf(spec.batchSource, root);
  return {
    ...described(spec),
    entities: names,
    joinKeys: joinKeysOf(spec.name, names, spec.entityColumns, entities, path),
    features: spec.features.map((feature) => featureFrom(feature, spec.name, path)),
    ttlSeconds: spec.ttl === undefined ? 0 : toMilliseconds(spec.ttl) / 1000,
    online: spec.online,
    ...taggedPii(spec.tags),
    batchSource: batchSource?.kind === 'push' ? undefined : batchSource,
    streamSource: streamSource?.kind === 'file' ? undefined : streamSource,
    materializeEverySeconds: undefined,
    materializedUntil: ends.length === 0 ? undefined : Math.max(...ends),
  };
}

/** The key's columns with their types: those that Feast found when the view was applied, else those of the entities. */
function joinKeysOf(
  view: string,
  names: readonly string[],
  columns: readonly FeatureSpec[],
  entities: ReadonlyMap<string, Entity>,
  path: string,
): JoinKey[] {
  if (names.length === 0) return [{ name: ENTITYLESS_JOIN_KEY, type: 'string' }];
  return names.map((name) => {
    const entity = entities.get(name);
    const joinKey = entity?.joinKey ?? name;
    const column = columns.find((each) => each.name === joinKey);
    const type = column === undefined ? entity?.type : valueTypeOf(column.valueType);
    if (type !== undefined && isKeyType(type)) return { name: joinKey, type };
    throw unusable(path, `holds view '${view}', whose key '${joinKey}' has a type that cannot be one`);
  });
}

function featureFrom({ name, valueType, description, tags }: FeatureSpec, view: string, path: string): Feature {
  const type: ValueType | undefined = valueTypeOf(valueType);
  if (type === undefined) throw unusable(path, `holds '${view}:${name}', of type ${valueType}, which is not known`);
  return { name, type, description, ...taggedPii(tags) };
}

/** Feast has no word for it, but tags. */
function taggedPii({ pii, ...tags }: Readonly<Record<string, string>>): Pick<Feature, 'tags' | 'pii'> {
  const known: PiiClass | undefined = piiClasses.find((each) => each === pii);
  return known === undefined && pii !== undefined
    ? { tags: { ...tags, pii }, pii: 'none' }
    : { tags, pii: known ?? 'none' };
}

function serviceOf({ spec }: FeatureServiceMessage): FeatureService {
  return {
    ...described(spec ?? { name: '', description: '', owner: '', tags: {} }),
    projections: (spec?.features ?? []).map(
      ({ featureViewName, featureColumns, featureViewNameAlias, joinKeyMap }) => ({
        view: featureViewName,
        name: featureViewNameAlias || featureViewName,
        features: featureColumns.map(({ name }) => name),
        joinKeyMap: { ...joinKeyMap },
      }),
    ),
  };
}

function toMilliseconds({ seconds, nanos }: Seconds): number {
  return Number(seconds) * 1000 + nanos / 1e6;
}

function unusable(path: string, why: string, cause?: unknown): PlatformError {
  return new PlatformError('INVALID_PARAMETER', `registry: ${path} ${why}.`, { field: 'registry', cause });
}
