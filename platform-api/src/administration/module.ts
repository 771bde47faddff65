import type { Authoriser } from '../access/index.ts';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { accessHandlers, accessOperations } from './access.ts';
import { type Part, statusHandlers, statusOperations } from './status.ts';

export interface AdministrationParts {
  readonly authoriser: Authoriser;
  /** What the platform is made of, as far as it can fail. */
  readonly parts: readonly Part[];
  readonly settings: Readonly<Record<string, unknown>>;
}

export function openAdministration({ authoriser, parts, settings }: AdministrationParts): Module {
  return {
    name: 'administration',
    tables: [
      servedTable(accessOperations, accessHandlers(authoriser)),
      servedTable(statusOperations, statusHandlers(parts, settings)),
    ],
  };
}
