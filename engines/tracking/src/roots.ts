import { toPlatformError } from '@mlops/errors';
import type { NamedResource, ResourceRef } from '@mlops/operations';
import { experimentRef } from './operations/resources.ts';

/** How the experiment of a thing is looked up, by the embedded engine and by a remote one. */
export interface ExperimentFinders {
  byName(name: string): Promise<string | undefined>;
  ofRun(id: string): Promise<string | undefined>;
  ofLoggedModel(id: string): Promise<string | undefined>;
}

/** An artifact's path begins with its experiment: `<experiment>/<run>/artifacts/…` and `<experiment>/models/<id>/…`. */
const OF_EXPERIMENT = /^\/*(\d{1,15})(?:\/|$)/;

/** See `TrackingEngine.rootOf`. */
export async function rootOf(finders: ExperimentFinders, thing: NamedResource): Promise<ResourceRef | undefined> {
  const id = await experimentOf(finders, thing);
  return id === undefined ? undefined : experimentRef(id);
}

async function experimentOf(
  finders: ExperimentFinders,
  { type, id, name }: NamedResource,
): Promise<string | undefined> {
  if (type === 'experiment') return name === undefined ? id : finders.byName(name);
  if (type === 'run') return finders.ofRun(id);
  if (type === 'logged-model') return finders.ofLoggedModel(id);
  return type === 'artifact' ? OF_EXPERIMENT.exec(id)?.[1] : undefined;
}

/** What a look-up of one thing finds; undefined where there is none. */
export async function ifExists<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (toPlatformError(error).code === 'NOT_FOUND') return undefined;
    throw error;
  }
}
