import { Type } from 'typebox';
import { type Role, roles } from '../access/index.ts';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import { complianceLevels, type Member, sizes, type Team } from './team.ts';
import type { Teams } from './teams.ts';

const text = Type.String();
const label = Type.String({ maxLength: 200 });
const time = Type.String({ format: 'date-time' });
const RoleSchema = Type.Unsafe<Role>({ type: 'string', enum: [...roles] });
const principal = Type.String({ minLength: 1, maxLength: 200, description: 'As `mlops whoami` shows it.' });
const compliance_level = Type.Unsafe<Team['complianceLevel']>({ type: 'string', enum: [...complianceLevels] });
const size = Type.Unsafe<Team['size']>({ type: 'string', enum: [...sizes], description: 'What its first quotas are.' });

const TeamSchema = Type.Object({
  name: text,
  display_name: text,
  cost_center: text,
  compliance_level,
  size,
  created_at: time,
  created_by: text,
  archived_at: Type.Union([time, Type.Null()]),
});
const MemberSchema = Type.Object({
  principal: text,
  roles: Type.Array(RoleSchema),
  added_at: time,
  added_by: text,
});
const changes = {
  display_name: Type.Optional(label),
  cost_center: Type.Optional(label),
  compliance_level: Type.Optional(compliance_level),
  size: Type.Optional(size),
};
const name = { name: text };
const nameOf = (input: { name: string }) => input.name;
const one = { resource: { type: 'team', id: nameOf, team: nameOf } };
const closed = { additionalProperties: false };

export const teamOperations = {
  listTeams: apiOperation('GET /api/v1/teams', {
    summary: 'One’s own teams; a platform administrator sees all.',
    access: 'read',
    resource: { type: 'team' },
    response: listOf('teams', TeamSchema),
  }),
  createTeam: apiOperation('POST /api/v1/teams', {
    summary: 'Makes a team. Repeated with the same facts it changes nothing.',
    access: 'administer',
    resource: { type: 'team', created: nameOf, team: nameOf },
    status: 201,
    request: Type.Object(
      { ...name, ...changes, owners: Type.Optional(Type.Array(principal, { maxItems: 20 })) },
      closed,
    ),
    response: TeamSchema,
    details: ({ owners = [] }, { compliance_level, size }) => ({ owners, compliance_level, size }),
  }),
  getTeam: apiOperation('GET /api/v1/teams/:name', {
    ...one,
    summary: 'A team.',
    access: 'read',
    request: Type.Object(name, closed),
    response: TeamSchema,
  }),
  updateTeam: apiOperation('PATCH /api/v1/teams/:name', {
    ...one,
    summary:
      'Changes what a team is called, where its cost goes; as a platform administrator, its compliance level and size.',
    access: 'administer',
    request: Type.Object({ ...name, ...changes }, closed),
    response: TeamSchema,
    details: ({ name: _name, ...changed }) => changed,
  }),
  archiveTeam: apiOperation('DELETE /api/v1/teams/:name', {
    ...one,
    summary: 'Closes a team: nothing of it answers any more. It can be restored.',
    access: 'administer',
    request: Type.Object(name, closed),
    response: TeamSchema,
  }),
  restoreTeam: apiOperation('POST /api/v1/teams/:name/restore', {
    ...one,
    summary: 'Opens an archived team again.',
    access: 'administer',
    request: Type.Object(name, closed),
    response: TeamSchema,
  }),
  listMembers: apiOperation('GET /api/v1/teams/:name/members', {
    ...one,
    summary: 'Who is in a team, as what.',
    access: 'read',
    request: Type.Object(name, closed),
    response: listOf('members', MemberSchema),
  }),
  setMember: apiOperation('PUT /api/v1/teams/:name/members/:principal', {
    ...one,
    summary: 'Takes somebody into a team, or gives them other roles; tokens that are wider end.',
    access: 'administer',
    request: Type.Object({ ...name, principal, roles: Type.Array(RoleSchema, { minItems: 1, maxItems: 20 }) }, closed),
    response: MemberSchema,
    details: ({ principal, roles }) => ({ principal, roles }),
  }),
  removeMember: apiOperation('DELETE /api/v1/teams/:name/members/:principal', {
    ...one,
    summary: 'Takes somebody out of a team; their tokens for it end.',
    access: 'administer',
    request: Type.Object({ ...name, principal }, closed),
    response: Type.Object({ principal: text }),
    details: ({ principal }) => ({ principal }),
  }),
};

export function teamHandlers(teams: Teams): ApiHandlers<typeof teamOperations> {
  return {
    listTeams: async () => ({ teams: (await teams.list()).map(view), next_page_token: null }),
    async createTeam({
      name,
      display_name = name,
      cost_center = '',
      compliance_level = 'standard',
      size = 'M',
      owners,
    }) {
      const request = { displayName: display_name, costCenter: cost_center, complianceLevel: compliance_level, size };
      return view(await teams.create(name, request, owners ?? []));
    },
    getTeam: async ({ name }) => view(await teams.existing(name)),
    async updateTeam({ name, display_name, cost_center, compliance_level, size }) {
      const given = {
        ...(display_name === undefined ? {} : { displayName: display_name }),
        ...(cost_center === undefined ? {} : { costCenter: cost_center }),
        ...(compliance_level === undefined ? {} : { complianceLevel: compliance_level }),
        ...(size === undefined ? {} : { size }),
      };
      return view(await teams.change(name, given));
    },
    archiveTeam: async ({ name }) => view(await teams.archive(name, Date.now())),
    restoreTeam: async ({ name }) => view(await teams.archive(name, null)),
    listMembers: async ({ name }) => ({ members: (await teams.members(name)).map(viewMember), next_page_token: null }),
    setMember: async ({ name, principal, roles }) => viewMember(await teams.setMember(name, principal, roles)),
    async removeMember({ name, principal }) {
      await teams.removeMember(name, principal);
      return { principal };
    },
  };
}

function view(team: Team) {
  return {
    name: team.name,
    display_name: team.displayName,
    cost_center: team.costCenter,
    compliance_level: team.complianceLevel,
    size: team.size,
    created_at: new Date(team.createdAt).toISOString(),
    created_by: team.createdBy,
    archived_at: team.archivedAt === null ? null : new Date(team.archivedAt).toISOString(),
  };
}

function viewMember({ principal, roles, addedAt, addedBy }: Member) {
  return { principal, roles: [...roles], added_at: new Date(addedAt).toISOString(), added_by: addedBy };
}
