import { PlatformError } from '@mlops/errors';
import type { WorkspaceInfo, Workspaces } from '@mlops/tracking';
import type { Team } from './team.ts';
import type { Teams } from './teams.ts';

/** The teams as MLflow's clients see them: a workspace is a team, its description what the team is called. */
export function teamsAsWorkspaces(teams: Teams): Workspaces {
  return {
    list: async () => (await teams.list()).filter(isOpen).map(view),
    get: async (name) => view(await open(name)),
    async create({ name, description }) {
      const request = {
        displayName: description || name,
        costCenter: '',
        complianceLevel: 'standard',
        size: 'M',
      } as const;
      return view(await teams.create(name, request, []));
    },
    update: async (name, description) =>
      view(await teams.change((await open(name)).name, { displayName: description })),
    async delete(name) {
      await teams.archive((await open(name)).name, Date.now());
    },
  };

  async function open(name: string): Promise<Team> {
    const team = await teams.existing(name);
    if (isOpen(team)) return team;
    throw new PlatformError('NOT_FOUND', `Workspace '${name}' not found`);
  }
}

function isOpen({ archivedAt }: Team): boolean {
  return archivedAt === null;
}

function view({ name, displayName }: Team): WorkspaceInfo {
  return { name, description: displayName };
}
