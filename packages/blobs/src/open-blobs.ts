import { join } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { BlobStore } from './blob-store.ts';
import { LocalBlobStore } from './local-store.ts';
import { S3BlobStore } from './s3-store.ts';

/** The store that the configuration names: `s3://bucket/prefix`, or a folder of the data folder. */
export function openBlobs(options: { data: string; artifacts?: string | undefined }): BlobStore {
  if (options.artifacts === undefined) return new LocalBlobStore(join(options.data, 'artifacts'));
  const url = URL.parse(options.artifacts);
  if (url?.protocol !== 's3:' || url.hostname === '') {
    throw new PlatformError(
      'INVALID_PARAMETER',
      `artifacts: '${options.artifacts}' is not of the form s3://bucket/prefix.`,
    );
  }
  return new S3BlobStore(url.hostname, url.pathname.replace(/^\/+|\/+$/g, ''));
}
