import { PlatformError } from '@mlops/errors';
import type { TrackingEngine } from '@mlops/tracking';
import type { Gate } from '../gates/index.ts';
import { findModelVersion } from './model-version.ts';

/** A tag of a model version that keeps it from being deployed; its value says why. */
const BLOCKED_TAG = 'mlops.blocked';

/** Only a version that is ready, not archived and not blocked by a tag comes into service. */
export function deployableVersion(tracking: TrackingEngine): Gate {
  return async ({ input }) => {
    const version = await findModelVersion(tracking, (input as { model: string }).model);
    const blocked = version.tags?.find((tag) => tag.key === BLOCKED_TAG);
    const name = `${version.name}/${version.version}`;
    if (version.status !== 'READY') throw refused(`${name} is ${version.status}, not READY`);
    if (version.current_stage === 'Archived') throw refused(`${name} is archived`);
    if (blocked) throw refused(`${name} is blocked: ${blocked.value || 'no reason is given'}`);
  };
}

function refused(why: string): PlatformError {
  return new PlatformError('GATE_REFUSED', `This model version may not be deployed: ${why}.`, { field: 'model' });
}
