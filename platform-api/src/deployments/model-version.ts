import type { ModelVersion, TrackingEngine } from '@mlops/tracking';
import { parseModelReference } from './deployment.ts';

/** The registered version that `models:/…` names. @throws INVALID_PARAMETER, NOT_FOUND */
export async function findModelVersion(tracking: TrackingEngine, model: string): Promise<ModelVersion> {
  const reference = parseModelReference(model);
  const { model_version: found } =
    'alias' in reference
      ? await tracking.operations.getModelVersionByAlias(reference)
      : await tracking.operations.getModelVersion(reference);
  return found;
}
