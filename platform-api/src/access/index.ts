export { Authoriser } from './authoriser.ts';
export { DEFAULT_TEAM, type Identity, localIdentity, type Principal, UNKNOWN } from './principal.ts';
