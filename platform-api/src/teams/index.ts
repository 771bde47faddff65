export { openTeams } from './module.ts';
export type { OwnedThing, Owners } from './owners.ts';
