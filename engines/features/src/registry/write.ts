import { open, readFile, rename, rm } from 'node:fs/promises';
import { create, type Message, toBinary } from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';
import { Turns } from '@mlops/concurrency';
import type { DataSource, Described, Feature, FeatureService, FeatureView, FileSource, Project } from '../model.ts';
import { ENTITYLESS_JOIN_KEY } from '../values/entity-key.ts';
import { type ValueType, valueTypes } from '../values/value-type.ts';
import { type RegistryMessage, registrySchema, type Seconds } from './messages.ts';
import { DUMMY_ENTITY, decodeRegistry, SOURCE_TYPES } from './read.ts';

const FILE_SOURCE_CLASS = 'feast.infra.offline_stores.file_source.FileSource';
const PUSH_SOURCE_CLASS = 'feast.data_source.PushSource';
const turns = new Turns();

/**
 * Writes what a project defines into Feast's file registry, in place of what the registry had of it; other projects, and
 * what only Feast knows of this one, stay. The file is replaced as a whole.
 * @returns views that Feast cannot have: without a history
 * @throws INVALID_PARAMETER where the file is no registry
 */
export function writeRegistry(path: string, project: Project, now = Date.now()): Promise<string[]> {
  return turns.take(path, async () => {
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return new Uint8Array();
      throw error;
    });
    const before = decodeRegistry(bytes, path);
    const { registry, left } = registryWith(before, project, now);
    const made = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      const file = await open(made, 'wx');
      try {
        await file.writeFile(toBinary(registrySchema, registry as unknown as Message));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(made, path);
    } finally {
      await rm(made, { force: true });
    }
    return left;
  });
}

/** A registry in which one project is as it is defined here, and the views that Feast cannot have. */
export function registryWith(before: RegistryMessage, project: Project, now: number) {
  const { name } = project;
  const others = <T extends { readonly spec?: { readonly project: string } | undefined }>(all: readonly T[]) =>
    all.filter(({ spec }) => spec?.project !== name);
  const own = <T extends { readonly spec?: { readonly name: string; readonly project: string } | undefined }>(
    all: readonly T[],
    wanted: string,
  ) => all.find(({ spec }) => spec?.project === name && spec.name === wanted);
  const at = timestamp(now);
  /** What was defined before keeps the moment at which it was made, and all that Feast noted about it. */
  const meta = (known: { readonly meta?: object } | undefined) =>
    known?.meta === undefined
      ? { createdTimestamp: at, lastUpdatedTimestamp: at }
      : Object.assign(known.meta, { lastUpdatedTimestamp: at });
  const views = [...project.views.values()];
  const possible = views.filter(({ batchSource }) => batchSource?.kind === 'file');
  const isPossible = new Set(possible.map((view) => view.name));
  const dummy = { name: DUMMY_ENTITY, joinKey: ENTITYLESS_JOIN_KEY, valueType: valueTypes.string, project: name };
  const entities = [...project.entities.values()].map(({ joinKey, type, ...entity }) => ({
    spec: { ...described(entity), joinKey, valueType: valueTypes[type], project: name },
    meta: meta(own(before.entities, entity.name)),
  }));
  const sources = [...project.sources.values()].flatMap((source) => {
    const message = sourceMessage(source, project);
    const known = before.dataSources.find((each) => each.project === name && each.name === source.name);
    return message === undefined ? [] : [{ ...message, project: name, meta: meta(known) }];
  });
  const registry = create(registrySchema, {
    entities: [
      ...others(before.entities),
      { spec: dummy, meta: meta(own(before.entities, DUMMY_ENTITY)) },
      ...entities,
    ],
    dataSources: [...before.dataSources.filter((each) => each.project !== name), ...sources],
    featureViews: [
      ...others(before.featureViews),
      ...possible.map((view) => ({
        spec: viewSpec(view, project),
        meta: meta(own(before.featureViews, view.name)),
      })),
    ],
    streamFeatureViews: before.streamFeatureViews,
    onDemandFeatureViews: before.onDemandFeatureViews,
    featureServices: [
      ...others(before.featureServices),
      ...[...project.services.values()].map((service) => ({
        spec: serviceSpec(service, project, isPossible),
        meta: meta(own(before.featureServices, service.name)),
      })),
    ],
    projects: [
      ...before.projects.filter(({ spec }) => spec?.name !== name),
      { spec: { name }, meta: meta(before.projects.find(({ spec }) => spec?.name === name)) },
    ],
    registrySchemaVersion: '1',
    versionId: crypto.randomUUID(),
    lastUpdated: at,
  });
  // What is not described here: saved data sets, permissions, earlier versions.
  if (before.$unknown !== undefined) registry.$unknown = before.$unknown;
  return {
    registry: registry as unknown as RegistryMessage,
    left: views.filter((view) => !isPossible.has(view.name)).map((view) => view.name),
  };
}

function timestamp(milliseconds: number): Seconds {
  const nanos = (milliseconds % 1000) * 1_000_000;
  return create(TimestampSchema, { seconds: BigInt(Math.floor(milliseconds / 1000)), nanos });
}

function described({ name, description, owner, tags }: Described) {
  return { name, description, owner, tags: { ...tags } };
}

/** Undefined for what Feast cannot have: rows that arrive, without a history. */
function sourceMessage(source: DataSource, project: Project) {
  if (source.kind === 'file') return fileMessage(source);
  if (source.kind === 'foreign') return { ...described(source), type: SOURCE_TYPES.indexOf(source.type) };
  const batch = project.sources.get(source.batchSource ?? '');
  if (batch?.kind !== 'file') return undefined;
  return {
    ...described(source),
    type: SOURCE_TYPES.indexOf('PUSH_SOURCE'),
    timestampField: batch.timestampField,
    createdTimestampColumn: batch.createdTimestampColumn ?? '',
    fieldMapping: { ...batch.fieldMapping },
    dataSourceClassType: PUSH_SOURCE_CLASS,
    batchSource: fileMessage(batch),
  };
}

function fileMessage(source: FileSource) {
  return {
    ...described(source),
    type: SOURCE_TYPES.indexOf('BATCH_FILE'),
    timestampField: source.timestampField,
    createdTimestampColumn: source.createdTimestampColumn ?? '',
    fieldMapping: { ...source.fieldMapping },
    fileOptions: { uri: source.path },
    dataSourceClassType: FILE_SOURCE_CLASS,
  };
}

function viewSpec(view: FeatureView, project: Project) {
  const { batchSource, streamSource, ttlSeconds } = view;
  return {
    ...described(view),
    tags: taggedPii(view),
    project: project.name,
    entities: view.entities.length === 0 ? [DUMMY_ENTITY] : [...view.entities],
    entityColumns: view.joinKeys.map(({ name, type }) => column(name, type)),
    features: view.features.map(featureSpec),
    ttl: { seconds: BigInt(Math.floor(ttlSeconds)), nanos: Math.round((ttlSeconds % 1) * 1e9) },
    online: view.online,
    ...(batchSource === undefined ? {} : { batchSource: sourceMessage(batchSource, project) }),
    ...(streamSource === undefined ? {} : { streamSource: sourceMessage(streamSource, project) }),
    version: 'latest',
  };
}

function column(name: string, type: ValueType) {
  return { name, valueType: valueTypes[type] };
}

/** Feast has no word for what a feature says about a person, but tags. */
function taggedPii({ tags, pii }: Pick<Feature, 'tags' | 'pii'>): Record<string, string> {
  return pii === 'none' ? { ...tags } : { ...tags, pii };
}

function featureSpec(feature: Feature) {
  const { name, type, description } = feature;
  return { ...column(name, type), description, tags: taggedPii(feature) };
}

function serviceSpec({ projections, ...service }: FeatureService, project: Project, isPossible: ReadonlySet<string>) {
  const features = projections
    .filter(({ view }) => isPossible.has(view))
    .map(({ view: viewName, name, features: names, joinKeyMap }) => {
      const view = project.views.get(viewName);
      const chosen = names.flatMap((each) => view?.features.find((feature) => feature.name === each) ?? []);
      const source = view?.batchSource?.kind === 'file' ? view.batchSource : undefined;
      return {
        featureViewName: viewName,
        featureViewNameAlias: name === viewName ? '' : name,
        featureColumns: chosen.map(featureSpec),
        joinKeyMap: { ...joinKeyMap },
        viewType: 'featureView',
        ...(source === undefined
          ? {}
          : {
              // So Feast fills it, and would find a difference otherwise; it reads the view's own.
              timestampField: source.createdTimestampColumn ?? '',
              createdTimestampColumn: source.createdTimestampColumn ?? '',
              batchSource: fileMessage(source),
            }),
      };
    });
  return { ...described(service), project: project.name, features };
}
