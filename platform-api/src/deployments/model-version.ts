import { PlatformError } from '@mlops/errors';
import type { ModelVersion, TrackingWorkspace } from '@mlops/tracking';
import { partsOf } from '../teams/index.ts';
import { parseModelReference } from './deployment.ts';
import type { DeploymentStore } from './store.ts';

/** The registered version that `models:/…` names. @throws INVALID_PARAMETER, NOT_FOUND */
export async function findModelVersion(tracking: TrackingWorkspace, model: string): Promise<ModelVersion> {
  const reference = parseModelReference(model);
  const { model_version: found } =
    'alias' in reference
      ? await tracking.operations.getModelVersionByAlias(reference)
      : await tracking.operations.getModelVersion(reference);
  return found;
}

/** What keeps the registry from losing, or renaming, what is being served. By the operations' names. */
export function registryGuards(store: DeploymentStore) {
  const unlessServed = async (team: string, model: string, version?: string) => {
    await store.lockModel(team, model);
    const [first, ...more] = (await store.servedFrom(team, model, version)).map((key) => partsOf(key).name);
    if (first === undefined) return;
    const what = version === undefined ? `Registered model '${model}'` : `Model version ${model}/${version}`;
    const others = more.length > 0 ? ` and ${more.length} more` : '';
    const message = `${what} is served by the deployment '${first}'${others}. Deploy another version there, or delete the deployment, first.`;
    throw new PlatformError('CONFLICT', message, { field: 'name' });
  };
  return {
    deleteModelVersion: ({ name, version }: { name: string; version: string }, team: string) =>
      unlessServed(team, name, version.replace(/^0+(?=\d)/, '')),
    deleteRegisteredModel: ({ name }: { name: string }, team: string) => unlessServed(team, name),
    renameRegisteredModel: ({ name }: { name: string }, team: string) => unlessServed(team, name),
  };
}
