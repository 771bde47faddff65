export { deploymentKey, partsOf } from './keys.ts';
export { openTeams } from './module.ts';
export { type OwnedThing, Owners } from './owners.ts';
export { teamOperations } from './routes.ts';
export type { Teams } from './teams.ts';
