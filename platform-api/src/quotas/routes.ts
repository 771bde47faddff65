import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import type { Audit } from '../audit/index.ts';
import type { Quotas } from './quotas.ts';

const Quota = Type.Object({ resource: Type.String(), limit: Type.Integer(), used: Type.Integer() });

export const quotaOperations = {
  listQuotas: apiOperation('GET /api/v1/quotas', {
    summary: 'What the team may have, and what it has.',
    access: 'read',
    resource: 'quota',
    response: listOf('quotas', Quota),
  }),
  setQuota: apiOperation('PUT /api/v1/quotas/{resource}', {
    summary: 'Sets how much of a thing the team may have.',
    access: 'administer',
    resource: 'quota',
    field: 'resource',
    params: Type.Object({ resource: Type.String() }),
    body: Type.Object({ limit: Type.Integer({ minimum: 0 }) }, { additionalProperties: false }),
    response: Quota,
  }),
};

export function quotaHandlers(quotas: Quotas, audit: Audit): ApiHandlers<typeof quotaOperations> {
  return {
    async listQuotas() {
      return { quotas: await quotas.list(audit.actor().team), next_page_token: null };
    },
    async setQuota({ params: { resource }, body: { limit } }) {
      const { team } = audit.actor();
      await quotas.set(team, resource, limit);
      const quota = (await quotas.list(team)).find((each) => each.resource === resource);
      await audit.record({ details: { limit } });
      return quota ?? { resource, limit, used: 0 };
    },
  };
}
