import { PlatformError } from '@mlops/errors';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import { currentAct } from '../audit/index.ts';
import { type Quotas, quotaResources } from './quotas.ts';

const LIMIT_MAX = 1e15;
const Quota = Type.Object({ resource: Type.String(), limit: Type.Integer(), used: Type.Integer() });

export const quotaOperations = {
  listQuotas: apiOperation('GET /api/v1/quotas', {
    summary: 'What the team may have, and what it has.',
    access: 'read',
    resource: { type: 'quota' },
    response: listOf('quotas', Quota),
  }),
  setQuota: apiOperation('PUT /api/v1/quotas/:resource', {
    summary: 'Sets how much of a thing the team may have; a platform administrator’s.',
    access: 'administer',
    resource: { type: 'quota', id: ({ resource }) => resource },
    request: Type.Object(
      { resource: Type.String(), limit: Type.Integer({ minimum: 0, maximum: LIMIT_MAX }) },
      { additionalProperties: false },
    ),
    response: Quota,
    details: ({ limit }) => ({ limit }),
  }),
};

export function quotaHandlers(quotas: Quotas): ApiHandlers<typeof quotaOperations> {
  const team = () => currentAct().principal.team;
  return {
    listQuotas: async () => ({ quotas: await quotas.list(team()), next_page_token: null }),
    async setQuota({ resource: name, limit }) {
      const resource = quotaResources.find((each) => each === name);
      if (!resource) {
        const message = `There is no quota on '${name.slice(0, 100)}'; there are quotas on ${quotaResources.join(', ')}.`;
        throw new PlatformError('NOT_FOUND', message, { field: 'resource' });
      }
      return quotas.set(team(), resource, limit);
    },
  };
}
