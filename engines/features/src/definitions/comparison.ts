import type { FeatureService, FeatureView, Project } from '../model.ts';

export const definitionKinds = ['entity', 'source', 'feature_view', 'feature_service'] as const;
export type DefinitionKind = (typeof definitionKinds)[number];

/** Something that is defined, by kind and name. */
interface DefinedThing {
  readonly kind: DefinitionKind;
  readonly name: string;
}

interface ChangedThing extends DefinedThing {
  /** What of it is not as it was. */
  readonly fields: readonly string[];
}

/** What is not the same in two states of a project. */
export interface DefinitionChanges {
  readonly added: readonly DefinedThing[];
  readonly changed: readonly ChangedThing[];
  readonly removed: readonly DefinedThing[];
}

type Named = Readonly<Record<string, unknown>> & { readonly name: string };

function things({ entities, sources, views, services }: Project): readonly (readonly [DefinitionKind, Named])[] {
  const of = (kind: DefinitionKind, map: ReadonlyMap<string, { name: string }>) =>
    [...map.values()].map((each) => [kind, each as unknown as Named] as const);
  return [
    ...of('entity', entities),
    ...of('source', sources),
    ...of('feature_view', views),
    ...of('feature_service', services),
  ];
}

/** Told of the definition that it is in. */
const TOLD_ELSEWHERE = new Set(['batchSource', 'streamSource', 'joinKeys']);

export function compareProjects(before: Project, after: Project): DefinitionChanges {
  const keyed = (project: Project) => new Map(things(project).map((each) => [`${each[0]}\n${each[1].name}`, each]));
  const [old, now] = [keyed(before), keyed(after)];
  const thing = ([kind, { name }]: readonly [DefinitionKind, Named]): DefinedThing => ({ kind, name });
  const changed = [...now].flatMap(([key, [kind, definition]]): ChangedThing[] => {
    const was = old.get(key)?.[1];
    const fields = was === undefined ? [] : fieldsThatDiffer(was, definition);
    return fields.length === 0 ? [] : [{ kind, name: definition.name, fields }];
  });
  return {
    added: [...now].filter(([key]) => !old.has(key)).map(([, each]) => thing(each)),
    changed,
    removed: [...old].filter(([key]) => !now.has(key)).map(([, each]) => thing(each)),
  };
}

function fieldsThatDiffer(was: Named, is: Named): string[] {
  const fields = new Set([...Object.keys(was), ...Object.keys(is)]);
  const differ = [...fields].filter(
    (field) => !TOLD_ELSEWHERE.has(field) && JSON.stringify(was[field]) !== JSON.stringify(is[field]),
  );
  const sourceOf = ({ batchSource, streamSource }: Named) =>
    [batchSource, streamSource].map((source) => (source as { name?: string } | undefined)?.name);
  const hasOtherSource = JSON.stringify(sourceOf(was)) !== JSON.stringify(sourceOf(is));
  return hasOtherSource ? [...differ, 'source'] : differ;
}

/** What a feature service gives to who asks for it: names and types of keys and features. */
interface ServiceShape {
  readonly keys: ReadonlyMap<string, string>;
  readonly features: ReadonlyMap<string, string>;
}

/** @returns undefined where the project has no such service */
function shapeOf(project: Project, service: string): ServiceShape | undefined {
  const found = project.services.get(service);
  if (found === undefined) return undefined;
  const [keys, features] = [new Map<string, string>(), new Map<string, string>()];
  for (const { view: name, features: names, joinKeyMap } of found.projections) {
    const view = project.views.get(name);
    if (view === undefined) continue;
    if (view.entities.length > 0) for (const key of view.joinKeys) keys.set(joinKeyMap[key.name] ?? key.name, key.type);
    for (const { name: feature, type } of view.features) if (names.includes(feature)) features.set(feature, type);
  }
  return { keys, features };
}

/** Why who uses a feature service can no longer do so; nothing where they can. */
export function breaksOf(before: Project, after: Project, service: string): string[] {
  const [was, is] = [shapeOf(before, service), shapeOf(after, service)];
  if (was === undefined) return [];
  if (is === undefined) return [`the feature service '${service}' is removed`];
  const lost = [...was.features].flatMap(([name, type]) => {
    const now = is.features.get(name);
    if (now === undefined) return [`'${service}' loses the feature '${name}'`];
    return now === type ? [] : [`'${name}' of '${service}' becomes ${now} in place of ${type}`];
  });
  const asked = [...is.keys].flatMap(([name, type]) => {
    const before = was.keys.get(name);
    if (before === undefined) return [`'${service}' asks for the key '${name}'`];
    return before === type ? [] : [`the key '${name}' of '${service}' becomes ${type} in place of ${before}`];
  });
  return [...lost, ...asked];
}

/** Services that are not as they were, by themselves or by a view of theirs. */
export function servicesAffected(before: Project, after: Project, { changed, removed }: DefinitionChanges): string[] {
  const views = new Set([...changed, ...removed].filter(({ kind }) => kind === 'feature_view').map(({ name }) => name));
  const uses = ({ projections }: FeatureService) => projections.some(({ view }) => views.has(view));
  const own = [...changed, ...removed].filter(({ kind }) => kind === 'feature_service').map(({ name }) => name);
  const through = [...before.services.values(), ...after.services.values()].filter(uses).map(({ name }) => name);
  return [...new Set([...own, ...through])].sort();
}

/** Online views whose rows are to be written anew: they are new, or have other keys, features or another source. */
export function viewsToMaterialise(after: Project, { added, changed }: DefinitionChanges): FeatureView[] {
  const data = ['entities', 'features', 'source'];
  const names = [
    ...added.filter(({ kind }) => kind === 'feature_view'),
    ...changed.filter(({ kind, fields }) => kind === 'feature_view' && fields.some((field) => data.includes(field))),
  ].map(({ name }) => name);
  return [...after.views.values()].filter(
    ({ name, online, batchSource }) => names.includes(name) && online && batchSource?.kind === 'file',
  );
}
