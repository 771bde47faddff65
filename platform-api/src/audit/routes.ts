import { Readable } from 'node:stream';
import type { AuditEntry } from '@mlops/audit-chain';
import { PlatformError } from '@mlops/errors';
import { noTeam } from '@mlops/operations';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, Lines, listOf, pageQuery } from '../api/index.ts';
import { currentAct } from './audit.ts';
import type { AuditStore } from './store.ts';

const text = Type.String();

const AuditEntrySchema = Type.Object({
  sequence: Type.Integer({ description: 'Place in the chain, from 1, without gaps.' }),
  id: text,
  time: Type.String({ format: 'date-time' }),
  team: text,
  actor: Type.Object({ type: text, id: text, ip: Type.Optional(text) }),
  action: text,
  resource: Type.Object({ type: text, id: text, digest: Type.Optional(text) }),
  outcome: Type.Unsafe<AuditEntry['outcome']>({
    type: 'string',
    enum: ['succeeded', 'denied', 'failed', 'attempted'],
  }),
  reason: Type.Optional(text),
  request_id: text,
  details: Type.Optional(Type.Record(text, Type.Unknown())),
  previous_hash: text,
  hash: text,
});

export const auditOperations = {
  listAuditEntries: apiOperation('GET /api/v1/audit', {
    summary: 'Audit entries, newest first.',
    access: 'read',
    resource: { type: 'audit-log' },
    request: Type.Object(
      {
        ...pageQuery,
        action: Type.Optional(text),
        actor: Type.Optional(text),
        outcome: Type.Optional(text),
        resource_type: Type.Optional(text),
        resource_id: Type.Optional(text),
        team: Type.Optional(
          Type.String({ description: 'One of those that one may see: platform administrators see all.' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: listOf('entries', AuditEntrySchema),
  }),
  exportAudit: apiOperation('GET /api/v1/audit/export', {
    summary: 'The whole chain as JSON lines, in order: what `mlops audit verify` reads.',
    access: 'read',
    resource: { type: 'audit-log' },
    response: Lines,
  }),
};

export function auditHandlers(store: AuditStore): ApiHandlers<typeof auditOperations> {
  return {
    async listAuditEntries({ limit = 100, page_token, team: asked, ...others }) {
      const { team: own, roles } = currentAct().principal;
      const seesAll = roles.includes('platform-admin');
      if (asked !== undefined && asked !== own && !seesAll) throw noTeam(asked);
      const team = asked ?? (seesAll ? undefined : own);
      const filter = { ...others, ...(team === undefined ? {} : { team }) };
      const before = page_token === undefined ? {} : { before: sequenceOf(page_token) };
      const entries = await store.list({ ...filter, ...before }, limit + 1);
      const page = entries.slice(0, limit);
      const last = page.at(-1);
      return { entries: page, next_page_token: entries.length > limit && last ? String(last.sequence) : null };
    },
    exportAudit: async () => Readable.from(store.lines()),
  };
}

function sequenceOf(token: string): number {
  if (!/^\d{1,15}$/.test(token)) {
    throw new PlatformError('INVALID_PARAMETER', 'page_token is not one that this list has given.', {
      field: 'page_token',
    });
  }
  return Number(token);
}
