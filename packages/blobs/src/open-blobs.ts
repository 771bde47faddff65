import { join } from 'node:path';
import { PlatformError } from '@mlops/errors';
import type { BlobStore } from './blob-store.ts';
import { LocalBlobStore } from './local-store.ts';
import { S3BlobStore } from './s3-store.ts';

/** The store of artifacts that the configuration names: `s3://bucket/prefix`, or a folder of the data folder. */
export function openBlobs(options: { data: string; artifacts?: string | undefined }): BlobStore {
  return openBlobsAt('artifacts', options.artifacts ?? join(options.data, 'artifacts'));
}

/**
 * The store at `s3://bucket/prefix` or in a folder.
 * @param setting names the place in a refusal
 * @throws INVALID_PARAMETER
 */
export function openBlobsAt(setting: string, place: string): BlobStore {
  if (!/^\w+:\/\//.test(place)) return new LocalBlobStore(place);
  const url = URL.parse(place);
  if (url?.protocol !== 's3:' || url.hostname === '') {
    throw new PlatformError('INVALID_PARAMETER', `${setting}: '${place}' is not of the form s3://bucket/prefix.`, {
      field: setting,
    });
  }
  return new S3BlobStore(url.hostname, url.pathname.replace(/^\/+|\/+$/g, ''));
}
