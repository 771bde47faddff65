import { DEFAULT_TEAM } from '@mlops/operations';

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

/** The token, or the session, that somebody has signed in with. */
interface SignIn {
  readonly tokenId: string;
  /** When tokens that are made with it end at the latest, in milliseconds since 1970; null: when they say. */
  readonly expiresAt: number | null;
  /** Whether it was left alone for so long that regulated data is closed to it. */
  readonly lapsed?: boolean;
  /** Whether it has not been ended meanwhile, anywhere. */
  readonly holds: () => Promise<boolean>;
}

/** Somebody who has signed in. */
export interface Person {
  readonly type: Principal['type'];
  readonly id: string;
  /** For which they act where a request names none; undefined: for one that the platform knows them in. */
  readonly team: string | undefined;
  /** What they are in each of their teams. */
  readonly memberships: ReadonlyMap<string, readonly Role[]>;
  /** Whether they are also what the platform's own lists of members say: a token is never wider than it was made. */
  readonly isMember: boolean;
  /** Whether they have shown a second factor; a token was made by somebody who had signed in before. */
  readonly hasSecondFactor: boolean;
  /** Undefined for the platform itself, and where nobody need sign in. */
  readonly signIn?: SignIn | undefined;
}

/** Who acts, for which team, and as what. */
export interface Principal {
  readonly type: 'user' | 'service' | 'system' | 'unknown';
  readonly id: string;
  readonly team: string;
  readonly roles: readonly Role[];
  /** All their teams. */
  readonly memberships: ReadonlyMap<string, readonly Role[]>;
  readonly signIn?: SignIn | undefined;
}

/** The platform acting by itself: a job, the example. */
export const SYSTEM = inOneTeam('system', 'platform', DEFAULT_TEAM, ['platform-admin']);

/** Somebody whose identity could not be established. */
export const UNKNOWN: Principal = {
  type: 'unknown',
  id: 'unknown',
  team: 'unknown',
  roles: [],
  memberships: new Map(),
};

/** The one user of this machine, on an address where nobody else can call. */
export const LOCAL_USER = inOneTeam('user', 'local', DEFAULT_TEAM, ['platform-admin']);

/** Somebody with roles in one team. */
export function inOneTeam(type: Person['type'], id: string, team: string, roles: readonly Role[]): Person {
  return { type, id, team, memberships: new Map([[team, roles]]), isMember: false, hasSecondFactor: true };
}
