import type { Database } from '@mlops/database';
import type { Module } from '../module.ts';
import { Owners, type OwnersParts } from './owners.ts';
import { OwnerStore, ownerSchema } from './store.ts';

export function openTeams(
  database: Database<unknown>,
  parts: Pick<OwnersParts, 'rootOf'>,
): Module & { readonly owners: Owners } {
  return { name: 'teams', owners: new Owners({ store: new OwnerStore(database), ...parts }), schema: ownerSchema };
}
