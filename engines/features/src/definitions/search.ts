import type { Project } from '../model.ts';
import { type DefinitionKind, definitionKinds } from './comparison.ts';

export interface FeatureQuery {
  /** Words that all have to stand in the name, the description, a tag, the owner or the name of a feature. */
  readonly text?: string | undefined;
  readonly entity?: string | undefined;
  /** `name`, or `name=value`. */
  readonly tag?: string | undefined;
  readonly owner?: string | undefined;
  readonly kind?: DefinitionKind | undefined;
}

export interface FoundDefinition {
  readonly kind: DefinitionKind;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The entities that it is about. */
  readonly entities: readonly string[];
  readonly features: readonly string[];
}

/** All that is defined and fits, by kind and name. */
export function searchProject(project: Project, query: FeatureQuery): FoundDefinition[] {
  const words = (query.text ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  return everything(project).filter(
    (each) =>
      words.every((word) => textOf(each).includes(word)) &&
      (query.entity === undefined || each.entities.includes(query.entity)) &&
      (query.owner === undefined || each.owner === query.owner) &&
      (query.kind === undefined || each.kind === query.kind) &&
      (query.tag === undefined || hasTag(each.tags, query.tag)),
  );
}

function everything({ entities, sources, views, services }: Project): FoundDefinition[] {
  const viewsOf = (names: readonly string[]) => names.flatMap((name) => views.get(name) ?? []);
  const found: FoundDefinition[] = [
    ...[...entities.values()].map((each) => ({ kind: 'entity' as const, ...shown(each), entities: [each.name] })),
    ...[...sources.values()].map((each) => ({ kind: 'source' as const, ...shown(each) })),
    ...[...views.values()].map((each) => ({
      kind: 'feature_view' as const,
      ...shown(each),
      entities: each.entities,
      features: each.features.map(({ name }) => name),
    })),
    ...[...services.values()].map((each) => ({
      kind: 'feature_service' as const,
      ...shown(each),
      entities: [...new Set(viewsOf(each.projections.map(({ view }) => view)).flatMap((view) => view.entities))],
      features: each.projections.flatMap(({ features }) => features),
    })),
  ];
  const order = (kind: DefinitionKind) => definitionKinds.indexOf(kind);
  return found.sort((a, b) => order(a.kind) - order(b.kind) || (a.name < b.name ? -1 : 1));
}

function shown({ name, description, owner, tags }: Omit<FoundDefinition, 'kind' | 'entities' | 'features'>) {
  return { name, description, owner, tags, entities: [] as readonly string[], features: [] as readonly string[] };
}

function textOf({ name, description, owner, tags, features }: FoundDefinition): string {
  return [name, description, owner, ...Object.entries(tags).flat(), ...features].join('\n').toLowerCase();
}

function hasTag(tags: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  if (at < 0) return Object.hasOwn(tags, wanted);
  return tags[wanted.slice(0, at)] === wanted.slice(at + 1);
}
