import { PlatformError } from '@mlops/errors';
import { Type } from 'typebox';
import { type Role, roles } from '../access/index.ts';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import type { Token } from './store.ts';
import type { Tokens } from './tokens.ts';

const text = Type.String();
const name = Type.String({ minLength: 1, maxLength: 100 });
const time = Type.String({ format: 'date-time' });
const maybeTime = Type.Union([time, Type.Null()]);
const RoleSchema = Type.Unsafe<Role>({ type: 'string', enum: [...roles] });
const SECONDS_MAX = 10 * 366 * 86_400;

const facts = {
  id: text,
  name: text,
  principal: text,
  service_account: Type.Boolean(),
  team: text,
  roles: Type.Array(RoleSchema),
  created_by: text,
  created_at: time,
  expires_at: maybeTime,
  revoked_at: maybeTime,
  last_used_at: maybeTime,
};
const TokenSchema = Type.Object(facts);

export const tokenOperations = {
  whoAmI: apiOperation('GET /api/v1/me', {
    summary: 'Who one is, for which team one acts, as what, and in which teams one is.',
    access: 'read',
    resource: { type: 'token' },
    response: Type.Object({
      type: text,
      id: text,
      team: text,
      roles: Type.Array(RoleSchema),
      teams: Type.Array(Type.Object({ team: text, roles: Type.Array(RoleSchema) })),
    }),
  }),
  listTokens: apiOperation('GET /api/v1/tokens', {
    summary: 'One’s own tokens; all of the team for who administers it.',
    access: 'read',
    resource: { type: 'token' },
    response: listOf('tokens', TokenSchema),
  }),
  createToken: apiOperation('POST /api/v1/tokens', {
    summary: 'Makes a token, narrower than oneself. It is shown this once.',
    access: 'write',
    resource: {
      type: 'token',
      created: ({ id }: { id: string }) => id,
      team: (_input: unknown, { team }: { team: string }) => team,
    },
    status: 201,
    request: Type.Object(
      {
        name,
        team: Type.Optional(name),
        roles: Type.Optional(Type.Array(RoleSchema, { minItems: 1 })),
        service_account: Type.Optional(Type.String({ pattern: '^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$' })),
        member: Type.Optional(
          Type.String({ minLength: 1, maxLength: 200, description: 'A member of the team, whose token it is.' }),
        ),
        expires_in: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: SECONDS_MAX,
            description: 'Seconds; default and most: until the token in use ends.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({ ...facts, token: Type.String({ description: 'The token itself.' }) }),
    details: ({ name }, { principal, team, roles, expires_at }) => ({ name, principal, team, roles, expires_at }),
  }),
  revokeToken: apiOperation('DELETE /api/v1/tokens/:id', {
    summary: 'Ends a token, in every process within a second.',
    access: 'delete',
    resource: { type: 'token', id: ({ id }) => id },
    request: Type.Object({ id: text }, { additionalProperties: false }),
    response: TokenSchema,
    details: (_input, { name, principal }) => ({ name, principal }),
  }),
};

export function tokenHandlers(tokens: Tokens): ApiHandlers<typeof tokenOperations> {
  const me = () => currentAct().principal;
  return {
    async whoAmI() {
      const { type, id, team, roles, memberships } = me();
      const teams = [...memberships].map(([name, held]) => ({ team: name, roles: [...held] }));
      return { type, id, team, roles: [...roles], teams };
    },
    listTokens: async () => ({ tokens: (await tokens.list(me())).map(view), next_page_token: null }),
    async createToken({ name, team, roles, service_account, member, expires_in }) {
      if (service_account !== undefined && member !== undefined) {
        const message = "A token is for 'service_account' or for 'member', not for both.";
        throw new PlatformError('INVALID_PARAMETER', message, { field: 'member' });
      }
      const request = { name, team, roles, serviceAccount: service_account, member, expiresInSeconds: expires_in };
      const { token, secret } = await tokens.create(me(), request);
      return { ...view(token), token: secret };
    },
    revokeToken: async ({ id }) => view(await tokens.revoke(me(), id)),
  };
}

function view(token: Token) {
  const at = (milliseconds: number | null) => (milliseconds === null ? null : new Date(milliseconds).toISOString());
  return {
    id: token.id,
    name: token.name,
    principal: token.principal,
    service_account: token.principalType === 'service',
    team: token.team,
    roles: [...token.roles],
    created_by: token.createdBy,
    created_at: new Date(token.createdAt).toISOString(),
    expires_at: at(token.expiresAt),
    revoked_at: at(token.revokedAt),
    last_used_at: at(token.lastUsedAt),
  };
}
