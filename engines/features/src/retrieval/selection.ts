import { PlatformError } from '@mlops/errors';
import { type Feature, type FeatureView, featureOf, type Project } from '../model.ts';
import { feastRefusal, invalid, noSuchService, noSuchView } from '../refusals.ts';

/** Features by service, or by reference `view:feature`; a service wins where both are given. */
export interface FeatureSelection {
  readonly features?: readonly string[] | undefined;
  readonly service?: string | undefined;
  /** Of a service those features alone; default: all. */
  readonly only?: readonly string[] | undefined;
  /** Whether results are named `view__feature`. */
  readonly fullNames?: boolean | undefined;
}

/** One feature of a result. */
interface SelectedFeature {
  /** As the result names it. */
  readonly column: string;
  readonly feature: Feature;
}

/** A view with what of it is asked for, by which columns. */
export interface SelectedView {
  readonly view: FeatureView;
  /** The name that stands in full names. */
  readonly name: string;
  /** The view's key column → the column of the request. */
  readonly joinKeyMap: Readonly<Record<string, string>>;
  readonly features: readonly SelectedFeature[];
}

interface Wanted {
  readonly view: string;
  readonly name: string;
  readonly joinKeyMap: Readonly<Record<string, string>>;
  readonly feature: string;
  readonly reference: string;
}

const REFERENCE = /^([^:@]+)(?:@([^:]*))?:(.+)$/;

/**
 * What a selection means in a project: its views in the order in which they are first named.
 * @returns the views, and the result's columns in the order of asking
 * @throws NOT_FOUND, INVALID_PARAMETER, NOT_IMPLEMENTED for Feast's Python transformations and versions of views
 */
export function select(project: Project, selection: FeatureSelection): { views: SelectedView[]; columns: string[] } {
  const wanted =
    selection.service === undefined
      ? byReference(selection.features)
      : byService(project, selection.service, selection.only);
  const fullNames = selection.fullNames ?? false;
  const views = new Map<string, { chosen: Omit<SelectedView, 'features'>; features: SelectedFeature[] }>();
  const columns = new Map<string, string>();
  for (const { view: viewName, name, joinKeyMap, feature: featureName, reference } of wanted) {
    const view = viewNamed(project, viewName);
    const feature = featureOf(view, featureName);
    if (feature === undefined) throw invalid('features', `view '${viewName}' has no feature '${featureName}'.`);
    const column = fullNames ? `${name}__${featureName}` : featureName;
    if (columns.has(column)) throw collision(columns.get(column) ?? '', reference, fullNames);
    columns.set(column, reference);
    const key = JSON.stringify([name, viewName, Object.entries(joinKeyMap)]);
    const entry = views.get(key) ?? { chosen: { view, name, joinKeyMap }, features: [] };
    entry.features.push({ column, feature });
    views.set(key, entry);
  }
  const chosen = [...views.values()].map(({ chosen, features }) => ({ ...chosen, features }));
  for (const { view, joinKeyMap } of chosen) {
    for (const { name } of view.joinKeys) {
      const column = joinKeyMap[name] ?? name;
      if (columns.has(column)) throw collision(columns.get(column) ?? '', `the key '${column}'`, fullNames);
    }
  }
  return { views: chosen, columns: [...columns.keys()] };
}

function byReference(references: readonly string[] | undefined): Wanted[] {
  if (references === undefined || references.length === 0) {
    throw new PlatformError('MISSING_PARAMETER', 'features: name a feature_service, or features as view:feature.', {
      field: 'features',
    });
  }
  return references.map((reference) => {
    const [, view, version = 'latest', feature] = REFERENCE.exec(reference) ?? [];
    if (view === undefined || feature === undefined) {
      throw invalid('features', `'${reference.slice(0, 200)}' is no feature; write it as view:feature.`);
    }
    if (version !== 'latest') {
      throw new PlatformError(
        'NOT_IMPLEMENTED',
        `features: '${reference}' names a version; only the newest is served.`,
        {
          field: 'features',
        },
      );
    }
    return { view, name: view, joinKeyMap: {}, feature, reference };
  });
}

function byService(project: Project, name: string, only: readonly string[] | undefined): Wanted[] {
  const service = project.services.get(name);
  if (service === undefined) throw noSuchService(name, project.name);
  return service.projections.flatMap(({ view, name: shown, features, joinKeyMap }) =>
    features
      .filter((feature) => only === undefined || only.includes(feature))
      .map((feature) => ({ view, name: shown, joinKeyMap, feature, reference: `${shown}:${feature}` })),
  );
}

function viewNamed(project: Project, name: string): FeatureView {
  const view = project.views.get(name);
  if (view !== undefined) return view;
  if (project.onDemandViews.has(name)) {
    throw new PlatformError(
      'NOT_IMPLEMENTED',
      `'${name}' is computed by a Python function when it is asked; this server does not run those.`,
    );
  }
  throw noSuchView(name, project.name);
}

function collision(first: string, second: string, fullNames: boolean): PlatformError {
  const fix = fullNames
    ? 'give one of the views another name in the feature service.'
    : 'ask for full_feature_names, or for features whose names differ.';
  const message = `${first} and ${second} would have the same name in the answer; ${fix}`;
  return feastRefusal('FeatureNameCollisionError', 'INVALID_PARAMETER', message);
}
