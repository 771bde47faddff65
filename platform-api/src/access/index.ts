export { Authoriser, type KeptPolicies } from './authoriser.ts';
export { Believed } from './believed.ts';
export { type Identity, openIdentity } from './identity.ts';
export { type Issuer, readIssuers } from './issuers.ts';
export { OpenIdTokens } from './oidc.ts';
export { type AccessQuestion, type PolicyFile, PolicySet } from './policy-set.ts';
export { inOneTeam, type Person, type Principal, type Role, roles, UNKNOWN } from './principal.ts';
