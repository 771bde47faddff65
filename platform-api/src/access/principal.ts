/** What a person or a program may be for a team; the policies say what each may do. */
export const roles = [
  'viewer',
  'data-scientist',
  'ml-engineer',
  'model-owner',
  'approver',
  'compliance',
  'finops',
  'auditor',
  'team-admin',
  'platform-admin',
] as const;
export type Role = (typeof roles)[number];

/** Who acts, for which team, and as what. */
export interface Principal {
  readonly type: 'user' | 'service' | 'system' | 'unknown';
  readonly id: string;
  readonly team: string;
  readonly roles: readonly Role[];
}

/** The team of a platform that knows no others. */
export const DEFAULT_TEAM = 'default';

/** The platform acting by itself: a job, the example. */
export const SYSTEM: Principal = { type: 'system', id: 'platform', team: DEFAULT_TEAM, roles: ['platform-admin'] };

/** Somebody whose identity could not be established. */
export const UNKNOWN: Principal = { type: 'unknown', id: 'unknown', team: 'unknown', roles: [] };

/** The one user of this machine, on an address where nobody else can call. */
export const LOCAL_USER: Principal = { type: 'user', id: 'local', team: DEFAULT_TEAM, roles: ['platform-admin'] };
