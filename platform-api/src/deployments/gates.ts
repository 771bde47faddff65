import { PlatformError } from '@mlops/errors';
import type { ModelVersion } from '@mlops/tracking';
import type { Principal } from '../access/index.ts';

/** What is about to run: resolved once, by the use case, and judged as it is. */
interface Candidate {
  readonly version: ModelVersion;
  /** sha256:… of the bytes that will run. */
  readonly digest: string;
  /** Who wants it. */
  readonly principal: Principal;
  readonly target: { readonly deployment: string; readonly revision: number };
}

/** A condition of governance. @throws GATE_REFUSED that says what is missing; whatever else it throws refuses as well */
export type Gate = (candidate: Candidate) => Promise<void>;

/** A tag of a model version that keeps it from being deployed; its value says why. */
const BLOCKED_TAG = 'mlops.blocked';

/** Only a version that is ready, not archived and not blocked by a tag comes into service. */
export const deployableVersion: Gate = async ({ version }) => {
  const blocked = version.tags?.find((tag) => tag.key === BLOCKED_TAG);
  const name = `${version.name}/${version.version}`;
  if (version.status !== 'READY') throw refused(`${name} is ${version.status}, not READY`);
  if (version.current_stage === 'Archived') throw refused(`${name} is archived`);
  if (blocked) throw refused(`${name} is blocked: ${blocked.value || 'no reason is given'}`);
};

export function refused(why: string): PlatformError {
  return new PlatformError('GATE_REFUSED', `This model version may not be deployed: ${why}.`, { field: 'model' });
}
