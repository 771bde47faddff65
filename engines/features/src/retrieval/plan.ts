import type { Project } from '../model.ts';
import type { ViewFeatures } from '../online/store.ts';
import type { KeyType } from '../values/value-type.ts';
import { type FeatureSelection, select } from './selection.ts';

/** A key column of a view, and the column of the request that carries it. */
interface PlannedKey {
  readonly joinKey: string;
  readonly column: string;
  readonly type: KeyType;
}

export interface PlannedView extends ViewFeatures {
  readonly ttlSeconds: number;
}

/** Views that are found by the same columns of the request: read together. */
export interface PlannedGroup {
  readonly keys: readonly PlannedKey[];
  readonly isEntityless: boolean;
  readonly views: readonly PlannedView[];
}

/** A column of the answer, and where it is read. */
interface PlannedColumn {
  readonly name: string;
  readonly group: number;
  readonly view: number;
  readonly feature: number;
}

/** What the shape of a request means, worked out once. */
export interface Plan {
  /** The key columns of the request, with their types. */
  readonly keys: ReadonlyMap<string, KeyType>;
  /** Names of entities by which a key column may also be called. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly groups: readonly PlannedGroup[];
  readonly columns: readonly PlannedColumn[];
}

const PLANS_MAX = 1000;
const plans = new WeakMap<Project, Map<string, Plan>>();

/** @throws as `select` does */
export function planOf(project: Project, selection: FeatureSelection): Plan {
  const ofProject = plans.get(project) ?? new Map<string, Plan>();
  plans.set(project, ofProject);
  const { service, features, fullNames, only } = selection;
  const shape =
    service === undefined
      ? JSON.stringify([fullNames, features])
      : `${service}:${fullNames}${only === undefined ? '' : `:${only.join(',')}`}`;
  const known = ofProject.get(shape);
  if (known !== undefined) return known;
  const plan = makePlan(project, selection);
  const oldest = ofProject.size >= PLANS_MAX ? ofProject.keys().next().value : undefined;
  if (oldest !== undefined) ofProject.delete(oldest);
  ofProject.set(shape, plan);
  return plan;
}

function makePlan(project: Project, selection: FeatureSelection): Plan {
  const selected = select(project, selection);
  const groups: { keys: PlannedKey[]; isEntityless: boolean; views: PlannedView[] }[] = [];
  const places = new Map<string, PlannedColumn>();
  const aliases = new Map<string, string>();
  const keys = new Map<string, KeyType>();
  for (const { view, joinKeyMap, features } of selected.views) {
    const isEntityless = view.entities.length === 0;
    const viewKeys = view.joinKeys.map(({ name, type }) => ({ joinKey: name, column: joinKeyMap[name] ?? name, type }));
    let group = groups.findIndex((each) => JSON.stringify(each.keys) === JSON.stringify(viewKeys));
    if (group < 0) group = groups.push({ keys: viewKeys, isEntityless, views: [] }) - 1;
    const views = groups[group]?.views ?? [];
    const names = features.map(({ feature }) => feature.name);
    const index = views.push({ view: view.name, features: names, ttlSeconds: view.ttlSeconds }) - 1;
    for (const [feature, { column }] of features.entries()) {
      places.set(column, { name: column, group, view: index, feature });
    }
    if (isEntityless) continue;
    for (const [i, { joinKey, column, type }] of viewKeys.entries()) {
      keys.set(column, type);
      const entity = view.entities[i];
      if (entity !== undefined && column === joinKey) aliases.set(entity, column);
    }
  }
  const columns = selected.columns.flatMap((name) => places.get(name) ?? []);
  return { keys, aliases, groups, columns };
}
