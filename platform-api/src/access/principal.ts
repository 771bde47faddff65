import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller } from '@mlops/operations';

/** Who acts, and for which team. */
export interface Principal {
  readonly type: 'user' | 'system' | 'unknown';
  readonly id: string;
  readonly team: string;
}

/** The team of a platform that knows no others. */
export const DEFAULT_TEAM = 'default';

/** The platform acting by itself: a job, the example. */
const SYSTEM: Principal = { type: 'system', id: 'platform', team: DEFAULT_TEAM };

/** Somebody whose identity could not be established. */
export const UNKNOWN: Principal = { type: 'unknown', id: 'unknown', team: 'unknown' };

const LOCAL_USER: Principal = { type: 'user', id: 'local', team: DEFAULT_TEAM };

/** Finds out who calls. */
export interface Identity {
  /** @throws UNAUTHENTICATED */
  readonly identify: (caller: Caller) => Promise<Principal>;
  /** The bearer token with which this process calls itself as the system; it is nowhere but in its memory. */
  readonly systemToken: string;
}

/** The one user of this machine, on an address where nobody else can call; and the process itself. */
export function localIdentity(): Identity {
  const systemToken = randomBytes(32).toString('base64url');
  const expected = Buffer.from(`Bearer ${systemToken}`);
  return {
    systemToken,
    async identify({ authorization }) {
      const given = Buffer.from(authorization ?? '');
      return given.length === expected.length && timingSafeEqual(given, expected) ? SYSTEM : LOCAL_USER;
    },
  };
}
