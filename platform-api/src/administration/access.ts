import type { Access } from '@mlops/operations';
import { Type } from 'typebox';
import { type Authoriser, type Role, roles } from '../access/index.ts';
import { type ApiHandlers, apiOperation } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';

const text = Type.String();
const actions: readonly Access[] = ['read', 'write', 'delete', 'deploy', 'predict', 'administer'];
/** Kinds of things, as the tables of operations name them. */
export const resourceTypes = [
  'experiment',
  'run',
  'logged-model',
  'registered-model',
  'registered-model-alias',
  'model-version',
  'artifact',
  'model',
  'server',
  'deployment',
  'prediction',
  'audit-log',
  'quota',
  'job',
  'token',
  'team',
  'access',
  'feature-definitions',
  'feature-view',
  'feature-service',
  'feature-source',
  'feature-entity',
] as const;

export const accessOperations = {
  checkAccess: apiOperation('POST /api/v1/access/check', {
    summary:
      'Whether one may do something in one’s team, or somebody with other roles might, and which policies decide.',
    access: 'read',
    resource: { type: 'access' },
    request: Type.Object(
      {
        principal: Type.Optional(
          Type.Object(
            {
              id: Type.Optional(Type.String({ maxLength: 200 })),
              roles: Type.Array(Type.Unsafe<Role>({ type: 'string', enum: [...roles] }), { maxItems: 20 }),
            },
            { additionalProperties: false, description: 'Default: oneself.' },
          ),
        ),
        action: Type.Unsafe<Access>({ type: 'string', enum: [...actions] }),
        resource: Type.Object(
          {
            type: Type.Unsafe<(typeof resourceTypes)[number]>({ type: 'string', enum: [...resourceTypes] }),
            id: Type.Optional(
              Type.String({ maxLength: 1000, description: 'Such as payments@champion; default: any.' }),
            ),
          },
          { additionalProperties: false },
        ),
        operation: Type.Optional(
          Type.String({ maxLength: 100, description: 'The operation’s name, as the audit log has it.' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: Type.Object({
      allowed: Type.Boolean(),
      policies: Type.Array(text, {
        description: 'Those that permit it, or those that forbid it. None: no policy permits it.',
      }),
    }),
  }),
};

export function accessHandlers(authoriser: Authoriser): ApiHandlers<typeof accessOperations> {
  return {
    async checkAccess({ principal: asked, action, resource, operation = '' }) {
      const { principal: me } = currentAct();
      const principal = { ...me, ...(asked === undefined ? {} : { id: asked.id ?? 'somebody', roles: asked.roles }) };
      const { type, id = '*' } = resource;
      const { allowed, policies } = authoriser.explain({
        principal,
        action,
        resource: { type, id },
        owner: me.team,
        operation,
      });
      return { allowed, policies: [...policies] };
    },
  };
}
