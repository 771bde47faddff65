import type { Policy } from '../policy.ts';
import { network } from './network.ts';
import { rights } from './rights.ts';
import { services } from './services.ts';

/** What AWS enforces when a plan is applied, or silently does otherwise, and no mock of AWS does. */
export const limits: readonly Policy[] = [...rights, ...network, ...services];
