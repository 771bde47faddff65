import { PlatformError } from '@mlops/errors';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, listOf } from '../api/index.ts';
import type { Policies } from './policies.ts';
import type { KeptPolicy } from './store.ts';

const text = Type.String();
const policy = Type.String({
  maxLength: 256 * 1024,
  description: 'The text of the file: policies in Cedar’s language.',
});
const name = { name: Type.String({ maxLength: 200 }) };
const maybe = (type: typeof text) => Type.Union([type, Type.Null()]);
const Facts = {
  name: text,
  source: Type.Unsafe<'fixed' | 'set'>({
    type: 'string',
    enum: ['fixed', 'set'],
    description: 'fixed: built in, or of the folder of the setting `policies`.',
  }),
  changed_at: maybe(Type.String({ format: 'date-time' })),
  changed_by: maybe(text),
};
const PolicySchema = Type.Object({ ...Facts, policy: text });
const one = { resource: { type: 'access', id: (input: { name: string }) => input.name } };
const closed = { additionalProperties: false };
/** They decide for all teams, so administrators of the platform alone read them: see `policies/roles.cedar`. */
const administer = { access: 'administer', audited: false, effect: 'none' } as const;

export const policyOperations = {
  listPolicies: apiOperation('GET /api/v1/policies', {
    ...administer,
    summary: 'The policy files that decide on access.',
    resource: { type: 'access' },
    response: listOf('policies', Type.Object(Facts)),
  }),
  getPolicy: apiOperation('GET /api/v1/policies/:name', {
    ...administer,
    ...one,
    summary: 'A policy file.',
    request: Type.Object(name, closed),
    response: PolicySchema,
  }),
  setPolicy: apiOperation('PUT /api/v1/policies/:name', {
    ...one,
    summary: 'Adds or replaces a policy file after a check: it holds in every process within a second.',
    access: 'administer',
    request: Type.Object({ ...name, policy }, closed),
    response: PolicySchema,
    details: ({ policy: set }) => ({ policy: set }),
  }),
  removePolicy: apiOperation('DELETE /api/v1/policies/:name', {
    ...one,
    summary: 'Removes a policy file that was set.',
    access: 'administer',
    request: Type.Object(name, closed),
    response: PolicySchema,
    details: (_input, { policy: removed }) => ({ policy: removed }),
  }),
  previewPolicy: apiOperation('POST /api/v1/policies/:name/preview', {
    ...administer,
    ...one,
    summary: 'Which decisions of the last day would be others with this policy file.',
    request: Type.Object({ ...name, policy }, closed),
    response: Type.Object({
      judged: Type.Integer({
        description: 'Different questions: those of the audit log, and what this process remembers.',
      }),
      changed: Type.Array(
        Type.Object({
          principal: text,
          team: text,
          roles: Type.Array(text),
          operation: text,
          resource: Type.Object({ type: text, id: text }),
          allowed_before: Type.Boolean(),
          allowed_after: Type.Boolean(),
          times: Type.Integer(),
        }),
      ),
    }),
  }),
};

export function policyHandlers(policies: Policies): ApiHandlers<typeof policyOperations> {
  const all = async () => [
    ...policies.fixed().map((file) => ({ ...file, source: 'fixed' as const, changed_at: null, changed_by: null })),
    ...(await policies.kept()).map(view),
  ];
  return {
    listPolicies: async () => ({
      policies: (await all()).map(({ name, source, changed_at, changed_by }) => ({
        name,
        source,
        changed_at,
        changed_by,
      })),
      next_page_token: null,
    }),
    async getPolicy({ name }) {
      const found = (await all()).find((each) => each.name === name);
      if (!found) throw new PlatformError('NOT_FOUND', `There is no policy '${name}'.`, { field: 'name' });
      const { source, changed_at, changed_by, text } = found;
      return { name, source, changed_at, changed_by, policy: text };
    },
    async setPolicy({ name, policy }) {
      const { text, ...facts } = view(await policies.set(name, policy));
      return { ...facts, policy: text };
    },
    async removePolicy({ name }) {
      const { text, ...facts } = view(await policies.remove(name));
      return { ...facts, policy: text };
    },
    async previewPolicy({ name, policy }) {
      const { judged, changed } = await policies.preview(name, policy);
      return {
        judged,
        changed: changed.map(({ question: { principal, operation, resource }, before, after, times }) => ({
          principal: principal.id,
          team: principal.team,
          roles: [...principal.roles],
          operation,
          resource: { type: resource.type, id: resource.id },
          allowed_before: before,
          allowed_after: after,
          times,
        })),
      };
    },
  };
}

function view({ name, text, changedAt, changedBy }: KeptPolicy) {
  return { name, source: 'set' as const, changed_at: new Date(changedAt).toISOString(), changed_by: changedBy, text };
}
