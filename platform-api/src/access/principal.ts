import type { Caller } from '@mlops/operations';

/** Who acts, and for which team. */
export interface Principal {
  readonly type: 'user' | 'system';
  readonly id: string;
  readonly team: string;
}

/** The platform acting by itself: loading the example, following a schedule. */
export const SYSTEM: Principal = { type: 'system', id: 'platform', team: 'default' };

const LOCAL_USER: Principal = { type: 'user', id: 'local', team: 'default' };

/** Finds out who calls. Here: the one user of this machine; the server listens where nobody else can call. */
export function identify(_caller: Caller): Principal {
  return LOCAL_USER;
}
