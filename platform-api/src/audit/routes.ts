import { Readable } from 'node:stream';
import type { AuditEntry } from '@mlops/audit-chain';
import { PlatformError } from '@mlops/errors';
import { noTeam } from '@mlops/operations';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation, Lines, listOf, pageQuery, parseTime } from '../api/index.ts';
import { currentAct } from './audit.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { AuditStore, KeptCheckpoint } from './store.ts';

const text = Type.String();

const AuditEntrySchema = Type.Object({
  sequence: Type.Integer({ description: 'Place in the chain, from 1, without gaps.' }),
  id: text,
  time: Type.String({ format: 'date-time' }),
  team: text,
  actor: Type.Object({
    type: text,
    id: text,
    ip: Type.Optional(text),
    team: Type.Optional(Type.String({ description: 'For which they acted, where it is not the entry’s.' })),
    roles: Type.Optional(Type.Unsafe<readonly string[]>(Type.Array(text))),
    session: Type.Optional(Type.String({ description: 'The token or session that they had signed in with.' })),
  }),
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

/** A number of entries, or the place of one, from 1. */
const place = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const checkpoint = {
  size: Type.Integer({ description: 'Entries that it counts.' }),
  root: Type.String({ description: 'Of their Merkle tree (RFC 9162), hexadecimal.' }),
  time: Type.String({ format: 'date-time' }),
  checkpoint: Type.String({ description: 'As it was signed: a signed note with Ed25519.' }),
};

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
        since: Type.Optional(Type.String({ description: 'RFC 3339; entries from this time on.' })),
        until: Type.Optional(Type.String({ description: 'RFC 3339; entries before this time.' })),
        team: Type.Optional(
          Type.String({ description: 'One of those that one may see: platform administrators see all.' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: listOf('entries', AuditEntrySchema),
  }),
  getAuditCheckpoint: apiOperation('GET /api/v1/audit/checkpoint', {
    summary: 'The newest checkpoint, signed, and the keys that verify it.',
    access: 'read',
    resource: { type: 'audit-log' },
    response: Type.Object({ ...checkpoint, verifier_keys: Type.Array(text) }),
  }),
  listAuditCheckpoints: apiOperation('GET /api/v1/audit/checkpoints', {
    summary: 'Checkpoints, newest first.',
    access: 'read',
    resource: { type: 'audit-log' },
    request: Type.Object({ limit: pageQuery.limit }, { additionalProperties: false }),
    response: listOf('checkpoints', Type.Object(checkpoint)),
  }),
  proveAuditEntry: apiOperation('GET /api/v1/audit/proofs/:sequence', {
    summary: 'What proves that an entry stands at its place among the first ones (RFC 9162).',
    access: 'read',
    resource: { type: 'audit-log' },
    request: Type.Object({ sequence: place, size: Type.Optional(place) }, { additionalProperties: false }),
    response: Type.Object({ sequence: place, hash: text, size: place, root: text, proof: Type.Array(text) }),
  }),
  proveAuditConsistency: apiOperation('GET /api/v1/audit/consistency', {
    summary: 'What proves that the chain continues what an earlier checkpoint has counted (RFC 9162).',
    access: 'read',
    resource: { type: 'audit-log' },
    request: Type.Object({ from: place, to: Type.Optional(place) }, { additionalProperties: false }),
    response: Type.Object({ from: place, to: place, root: text, proof: Type.Array(text) }),
  }),
  exportAudit: apiOperation('GET /api/v1/audit/export', {
    summary: 'The whole chain as JSON lines, in order: what `mlops audit verify` reads.',
    access: 'read',
    resource: { type: 'audit-log' },
    response: Lines,
  }),
};

export function auditHandlers(store: AuditStore, checkpoints: Checkpoints): ApiHandlers<typeof auditOperations> {
  const view = ({ size, root, time, note }: KeptCheckpoint) => ({
    size,
    root,
    time: new Date(time).toISOString(),
    checkpoint: note,
  });
  const hexadecimal = (proof: readonly Buffer[]) => proof.map((node) => node.toString('hex'));
  return {
    async getAuditCheckpoint() {
      return { ...view(await checkpoints.newest()), verifier_keys: await store.verifierKeys() };
    },
    listAuditCheckpoints: async ({ limit = 100 }) => ({
      checkpoints: (await store.checkpoints(limit)).map(view),
      next_page_token: null,
    }),
    async proveAuditEntry({ sequence, size }) {
      const proven = await checkpoints.proveEntry(sequence, size ?? (await checkpoints.newest()).size);
      const { root, hash, proof } = proven;
      return { sequence, hash, size: proven.size, root: root.toString('hex'), proof: hexadecimal(proof) };
    },
    async proveAuditConsistency({ from, to }) {
      const { size, root, proof } = await checkpoints.proveConsistency(from, to ?? (await checkpoints.newest()).size);
      return { from, to: size, root: root.toString('hex'), proof: hexadecimal(proof) };
    },
    async listAuditEntries({ limit = 100, page_token, team: asked, since, until, ...others }) {
      const { team: own, roles } = currentAct().principal;
      const seesAll = roles.includes('platform-admin');
      if (asked !== undefined && asked !== own && !seesAll) throw noTeam(asked);
      const team = asked ?? (seesAll ? undefined : own);
      const filter = {
        ...others,
        ...(team === undefined ? {} : { team }),
        ...(since === undefined ? {} : { since: new Date(parseTime('since', since)).toISOString() }),
        ...(until === undefined ? {} : { until: new Date(parseTime('until', until)).toISOString() }),
      };
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
