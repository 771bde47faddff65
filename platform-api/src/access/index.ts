export { Authoriser } from './authoriser.ts';
export { type Identity, openIdentity } from './identity.ts';
export { inOneTeam, type Person, type Principal, type Role, roles, type SignIn, UNKNOWN } from './principal.ts';
