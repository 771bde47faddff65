import { join } from 'node:path';
import type { BlobStore } from '@mlops/blobs';
import type { Database } from '@mlops/database';
import { servedTable } from '../api/index.ts';
import type { Module } from '../module.ts';
import { Audit } from './audit.ts';
import { Checkpoints, checkpointJob } from './checkpoints.ts';
import { auditHandlers, auditOperations } from './routes.ts';
import { ownSigningKey, readSigningKey } from './signing-key.ts';
import { AuditStore, auditSchema } from './store.ts';

export interface AuditModuleParts {
  readonly database: Database<unknown>;
  /** The data folder, where a key is made if none is named. */
  readonly data: string;
  /** The file of the key that signs checkpoints. */
  readonly keyFile: string | undefined;
  readonly archive: BlobStore | undefined;
}

/** @throws INVALID_PARAMETER where the key cannot be used */
export function openAudit({ database, data, keyFile, archive }: AuditModuleParts) {
  const store = new AuditStore(database);
  const key = keyFile === undefined ? ownSigningKey(join(data, 'audit-key.pem')) : readSigningKey(keyFile);
  const checkpoints = new Checkpoints({ store, key, archive });
  return {
    name: 'audit',
    audit: new Audit(store),
    /** Newest first. */
    entries: (since: Date, limit: number) => store.list({ since: since.toISOString() }, limit),
    schema: auditSchema,
    tables: [servedTable(auditOperations, auditHandlers(store, checkpoints))],
    jobs: [checkpointJob(checkpoints)],
    start: () => checkpoints.start(),
  } satisfies Module & Record<string, unknown>;
}
