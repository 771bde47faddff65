import type { Database } from '@mlops/database';
import { DEFAULT_TEAM } from '@mlops/operations';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { teamHandlers, teamOperations } from './routes.ts';
import { teamSchema } from './schema.ts';
import { TeamStore } from './store.ts';
import { Teams, type TeamsParts } from './teams.ts';
import { teamsAsWorkspaces } from './workspaces.ts';

export function openTeams(database: Database<unknown>, parts: Omit<TeamsParts, 'store'>) {
  const store = new TeamStore(database);
  const teams = new Teams({ ...parts, store });
  return {
    name: 'teams',
    teams,
    workspaces: teamsAsWorkspaces(teams),
    /** Whether the database answers. @throws what it says */
    async check() {
      await store.find(DEFAULT_TEAM);
    },
    schema: teamSchema,
    tables: [servedTable(teamOperations, teamHandlers(teams))],
  } satisfies Module & Record<string, unknown>;
}
