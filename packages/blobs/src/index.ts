export {
  type BlobInfo,
  type BlobPath,
  type BlobStore,
  type ByteRange,
  joinPath,
  type OpenBlob,
  type StoredBlob,
  safePath,
} from './blob-store.ts';
export { sha256Of } from './digest.ts';
export { LocalBlobStore } from './local-store.ts';
export { openBlobs, openBlobsAt } from './open-blobs.ts';
export { S3BlobStore } from './s3-store.ts';
