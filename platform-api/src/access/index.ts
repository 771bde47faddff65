export { Authoriser } from './authoriser.ts';
export { type Identity, openIdentity } from './identity.ts';
export { DEFAULT_TEAM, type Principal, type Role, roles, UNKNOWN } from './principal.ts';
