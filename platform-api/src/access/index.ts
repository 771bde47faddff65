export { Authoriser } from './authoriser.ts';
export { identify, type Principal, SYSTEM } from './principal.ts';
