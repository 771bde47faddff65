export { Authoriser } from './authoriser.ts';
export { type Identity, openIdentity } from './identity.ts';
export { inOneTeam, type Person, type Principal, type Role, roles, UNKNOWN } from './principal.ts';
