import { PlatformError } from '@mlops/errors';
import type { ModelOptions } from '@mlops/inference';
import type { TrafficShare } from '../serving/index.ts';

/** A revision of a deployment: one model version with its options. Never changed once made. */
export interface Revision {
  /** The deployment's key. */
  readonly deployment: string;
  readonly revision: number;
  /** The model as it was asked for, such as models:/flight-delays@champion. */
  readonly model: string;
  readonly modelName: string;
  readonly modelVersion: string;
  /** sha256:… of the model's files as they were loaded. */
  readonly digest: string;
  readonly options: DeploymentOptions;
  readonly status: 'ready' | 'failed';
  readonly error: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
}

export interface Deployment {
  /** Its name with its team: see `deploymentKey`. All here know it so; only who asks and is answered says the name. */
  readonly key: string;
  readonly team: string;
  readonly createdAt: number;
  readonly deletedAt: number | null;
  /** The revision that answers requests; null while none has become ready. */
  readonly liveRevision: number | null;
}

/** How a revision is served. */
export type DeploymentOptions = ModelOptions;

/** A model version as callers name it. */
export type ModelReference =
  | { readonly name: string; readonly alias: string }
  | { readonly name: string; readonly version: string };

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const REFERENCE = /^models:\/(?<name>[^/:]+)(?:@(?<alias>[^/@]+)|\/(?<version>\d+|latest))$/;

/** Deployment names become parts of addresses and of Kubernetes names. */
export function checkDeploymentName(name: string): void {
  if (!NAME.test(name)) {
    throw new PlatformError(
      'INVALID_PARAMETER',
      `name: '${name.slice(0, 100)}' is not a deployment name: lower-case letters, digits and dashes, at most 63, starting and ending with a letter or digit.`,
      { field: 'name' },
    );
  }
}

/** @throws INVALID_PARAMETER */
export function parseModelReference(model: string): ModelReference {
  const groups = REFERENCE.exec(model)?.groups;
  const { name, alias, version } = groups ?? {};
  if (name !== undefined && alias !== undefined) return { name, alias };
  if (name !== undefined && version === 'latest') return { name, alias: 'latest' };
  if (name !== undefined && version !== undefined) return { name, version };
  throw new PlatformError(
    'INVALID_PARAMETER',
    `model: '${model.slice(0, 200)}' names no model version; write models:/NAME@ALIAS, models:/NAME/VERSION or models:/NAME/latest.`,
    { field: 'model' },
  );
}

/**
 * The revision that a rollback without a number means: the newest that was live and is older than the present one, so
 * that a repeated rollback goes further back.
 */
export function previousRevision(history: readonly { revision: number }[], live: number): number | undefined {
  const older = history.map(({ revision }) => revision).filter((revision) => revision < live);
  return older.length === 0 ? undefined : Math.max(...older);
}

/** The next revision of a deployment, before anything is known of its model's bytes. */
export function draftRevision(
  deployment: string,
  newest: number,
  candidate: Pick<Revision, 'model' | 'modelName' | 'modelVersion' | 'options'>,
  made: Pick<Revision, 'createdAt' | 'createdBy'>,
): Revision {
  return { deployment, revision: newest + 1, ...candidate, ...made, digest: '', status: 'ready', error: null };
}

/** All traffic to one revision. */
export function allTo(revision: number): readonly TrafficShare[] {
  return [{ revision, weight: 100 }];
}
