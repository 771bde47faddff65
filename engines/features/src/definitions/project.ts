import { Value } from 'typebox/value';
import type { DataSource, Described, Entity, FeatureService, FeatureView, Project, Projection } from '../model.ts';
import { coerceValue } from '../values/coerce.ts';
import { ENTITYLESS_JOIN_KEY } from '../values/entity-key.ts';
import type { ValueType } from '../values/value-type.ts';
import {
  DefinitionsFile,
  type EntityDefinition,
  type ServiceDefinition,
  type SourceDefinition,
  type ViewDefinition,
} from './schema.ts';
import { isWithin, type SourceRoot, sourcePath } from './source-path.ts';
import { type DefinitionsText, nearest, type Path, refuseProblems } from './source-text.ts';

const KINDS = ['entities', 'sources', 'feature_views', 'feature_services'] as const;
type Kind = (typeof KINDS)[number];

/** A definition, and where it stands. */
interface Placed<T> {
  readonly definition: T;
  readonly problem: (path: Path, message: string) => string;
}

interface Definitions {
  readonly entities: readonly Placed<EntityDefinition>[];
  readonly sources: readonly Placed<SourceDefinition>[];
  readonly feature_views: readonly Placed<ViewDefinition>[];
  readonly feature_services: readonly Placed<ServiceDefinition>[];
}

/**
 * One project from its files.
 * @param root where paths of sources begin, and whether they may lead elsewhere
 * @throws INVALID_PARAMETER with file, line, column and field of every problem
 */
export function projectOf(texts: readonly DefinitionsText[], name: string, root: SourceRoot): Project {
  refuseProblems(texts.flatMap((text) => text.problems()));
  refuseProblems(texts.flatMap(shapeProblems));
  const definitions = gather(texts);
  const problems: string[] = KINDS.flatMap((kind) => duplicates(definitions[kind]));
  const entities = byName(definitions.entities.map(({ definition }) => entityOf(definition)));
  const sources = byName(
    definitions.sources.map((placed) => sourceOf(placed, definitions.sources, root, (each) => problems.push(each))),
  );
  const views = byName(
    definitions.feature_views.flatMap((placed) => viewOf(placed, entities, sources, (each) => problems.push(each))),
  );
  const services = byName(
    definitions.feature_services.map((placed) => serviceOf(placed, views, (each) => problems.push(each))),
  );
  refuseProblems(problems);
  return { name, entities, sources, views, services, onDemandViews: new Set() };
}

function shapeProblems(text: DefinitionsText): string[] {
  const value = text.value();
  return Value.Errors(DefinitionsFile, value).flatMap(({ keyword, instancePath, params, message }) => {
    const path = instancePath
      .split('/')
      .slice(1)
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
      .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    if (keyword === 'additionalProperties') {
      const { additionalProperties } = params;
      return additionalProperties.map((key) =>
        text.problem([...path, key], `'${key}' is not a field here${nearest(key, fieldsAt(path))}`),
      );
    }
    // Said once more for each field that is not known.
    if (keyword === 'boolean') return [];
    if (keyword === 'enum') {
      const { allowedValues } = params as { allowedValues: string[] };
      const given = String(valueAt(value, path));
      return text.problem(path, `'${given.slice(0, 100)}' is not allowed${nearest(given, allowedValues)}`);
    }
    return text.problem(path, message);
  });
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function fieldsAt(path: Path): string[] {
  let node: SchemaNode | undefined = DefinitionsFile as SchemaNode;
  for (const step of path) node = typeof step === 'number' ? node?.items : node?.properties?.[step];
  return Object.keys(node?.properties ?? {});
}

function valueAt(value: unknown, path: Path): unknown {
  let found: unknown = value;
  for (const step of path) found = (found as Record<string | number, unknown> | null)?.[step];
  return found;
}

function gather(texts: readonly DefinitionsText[]): Definitions {
  const gathered: Record<Kind, Placed<unknown>[]> = {
    entities: [],
    sources: [],
    feature_views: [],
    feature_services: [],
  };
  for (const text of texts) {
    const file = text.value() as Partial<Record<Kind, unknown[]>>;
    for (const kind of KINDS) {
      for (const [i, definition] of (file[kind] ?? []).entries()) {
        gathered[kind].push({ definition, problem: (path, message) => text.problem([kind, i, ...path], message) });
      }
    }
  }
  return gathered as unknown as Definitions;
}

function duplicates(placed: readonly Placed<{ name: string }>[]): string[] {
  const seen = new Set<string>();
  return placed.flatMap(({ definition, problem }) => {
    // Feast's names are told apart without their case.
    const name = definition.name.toLowerCase();
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    return problem(['name'], `'${definition.name}' is defined twice.`);
  });
}

function byName<T extends { name: string }>(items: readonly T[]): Map<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}

function described({
  name,
  description = '',
  owner = '',
  tags = {},
}: Partial<Described> & { name: string }): Described {
  return { name, description, owner, tags };
}

function entityOf(definition: EntityDefinition): Entity {
  return { ...described(definition), joinKey: definition.join_key ?? definition.name, type: definition.type };
}

type Report = (problem: string) => void;

function sourceOf(
  { definition, problem }: Placed<SourceDefinition>,
  all: readonly Placed<SourceDefinition>[],
  root: SourceRoot,
  report: Report,
): DataSource {
  const base = described(definition);
  const { type, path, batch_source: batchSource } = definition;
  if (type === 'file') {
    if (path === undefined) report(problem(['path'], 'a file source needs a path.'));
    if (batchSource !== undefined) report(problem(['batch_source'], 'only a push source has one.'));
    const place = sourcePath(path ?? '', root.folder);
    if (root.isConfined && !isWithin(place, root.folder)) {
      report(problem(['path'], "leads out of the team's folder; write it relative to that folder."));
    }
    return {
      ...base,
      kind: 'file',
      path: place,
      timestampField: definition.timestamp_field ?? 'event_timestamp',
      createdTimestampColumn: definition.created_timestamp_column,
      fieldMapping: definition.field_mapping ?? {},
    };
  }
  for (const field of ['path', 'timestamp_field', 'created_timestamp_column', 'field_mapping'] as const) {
    if (definition[field] !== undefined) {
      report(problem([field], 'only a file source has one; a push source names its batch_source.'));
    }
  }
  const files = all.filter(({ definition: other }) => other.type === 'file').map(({ definition: other }) => other.name);
  if (batchSource !== undefined && !files.includes(batchSource)) {
    report(problem(['batch_source'], `there is no file source '${batchSource}'${nearest(batchSource, files)}`));
  }
  return { ...base, kind: 'push', batchSource };
}

function viewOf(
  { definition, problem }: Placed<ViewDefinition>,
  entities: ReadonlyMap<string, Entity>,
  sources: ReadonlyMap<string, DataSource>,
  report: Report,
): FeatureView[] {
  const names = definition.entities ?? [];
  const owned = names.flatMap((name, i) => {
    const entity = entities.get(name);
    if (entity === undefined) {
      report(problem(['entities', i], `there is no entity '${name}'${nearest(name, [...entities.keys()])}`));
    }
    return entity ?? [];
  });
  const source = sources.get(definition.source);
  if (source === undefined) {
    report(
      problem(
        ['source'],
        `there is no source '${definition.source}'${nearest(definition.source, [...sources.keys()])}`,
      ),
    );
  }
  const joinKeys = owned.map(({ joinKey, type }) => ({ name: joinKey, type }));
  const taken = new Set<string>();
  for (const [path, name] of [
    ...joinKeys.map(({ name }, i) => [['entities', i], name] as const),
    ...definition.features.map(({ name }, i) => [['features', i, 'name'], name] as const),
  ]) {
    if (taken.has(name)) report(problem(path, `the column '${name}' is there already.`));
    taken.add(name);
  }
  for (const [i, { type, default: otherwise }] of definition.features.entries()) {
    if (otherwise === undefined || otherwise === null || fits(type, otherwise)) continue;
    report(problem(['features', i, 'default'], `is no value of type ${type}.`));
  }
  const streamSource = source?.kind === 'push' ? source : undefined;
  const batch = streamSource?.batchSource === undefined ? source : sources.get(streamSource.batchSource);
  return [
    {
      ...described(definition),
      entities: names,
      joinKeys: joinKeys.length > 0 ? joinKeys : [{ name: ENTITYLESS_JOIN_KEY, type: 'string' }],
      features: definition.features.map(({ name, type, description = '', tags = {}, pii, default: otherwise }) => ({
        name,
        type,
        description,
        tags,
        pii: pii ?? definition.pii ?? 'none',
        ...(otherwise === undefined ? {} : { default: otherwise }),
      })),
      ttlSeconds: secondsOf(definition.ttl ?? '0'),
      online: definition.online ?? true,
      pii: definition.pii ?? 'none',
      batchSource: batch?.kind === 'file' ? batch : undefined,
      streamSource,
      materializeEverySeconds:
        definition.materialize_every === undefined ? undefined : secondsOf(definition.materialize_every),
      materializedUntil: undefined,
    },
  ];
}

function fits(type: ValueType, value: unknown): boolean {
  try {
    coerceValue(type, value, '');
    return true;
  } catch {
    return false;
  }
}

const SECONDS = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

function secondsOf(duration: string): number {
  const [, number = '0', unit = 's'] = /^(\d+)(\w+)?$/.exec(duration) ?? [];
  return Number(number) * SECONDS[unit as keyof typeof SECONDS];
}

function serviceOf(
  { definition, problem }: Placed<ServiceDefinition>,
  views: ReadonlyMap<string, FeatureView>,
  report: Report,
): FeatureService {
  const projections = definition.features.map((each, i): Projection => {
    const view = views.get(each.view);
    if (view === undefined) {
      report(
        problem(['features', i, 'view'], `there is no view '${each.view}'${nearest(each.view, [...views.keys()])}`),
      );
    }
    const all = view?.features.map(({ name }) => name) ?? [];
    for (const [j, name] of (each.features ?? []).entries()) {
      if (view === undefined || all.includes(name)) continue;
      report(problem(['features', i, 'features', j], `'${each.view}' has no feature '${name}'${nearest(name, all)}`));
    }
    const keys = view?.joinKeys.map(({ name }) => name) ?? [];
    for (const key of Object.keys(each.join_key_map ?? {})) {
      if (view === undefined || keys.includes(key)) continue;
      report(problem(['features', i, 'join_key_map', key], `'${each.view}' has no key '${key}'${nearest(key, keys)}`));
    }
    return {
      view: each.view,
      name: each.name ?? each.view,
      features: each.features ?? all,
      joinKeyMap: each.join_key_map ?? {},
    };
  });
  return { ...described(definition), projections };
}
