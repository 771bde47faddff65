import type { Readable } from 'node:stream';
import type { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import {
  type BlobInfo,
  type BlobPath,
  type BlobStore,
  type ByteRange,
  badRange,
  joinPath,
  notFound,
  type OpenBlob,
  type StoredBlob,
  safePath,
} from './blob-store.ts';
import { DigestStream } from './digest.ts';

const PART_BYTES = 8 * 1024 * 1024;
const DELETE_AT_ONCE = 1000;

/** Objects of an S3 bucket below one prefix. Region, credentials and endpoint come from AWS's own environment. */
export class S3BlobStore implements BlobStore {
  readonly #bucket: string;
  readonly #prefix: string;
  #connection: Promise<{ client: S3Client; sdk: typeof import('@aws-sdk/client-s3') }> | undefined;

  constructor(bucket: string, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async put(path: BlobPath, content: Readable): Promise<StoredBlob> {
    const { client } = await this.#connect();
    const { Upload } = await import('@aws-sdk/lib-storage');
    const digest = new DigestStream();
    // It may have broken off while the connection was made.
    if (content.errored) throw content.errored;
    content.on('error', (error) => digest.destroy(error));
    const upload = new Upload({
      client,
      params: { Bucket: this.#bucket, Key: this.#key(path), Body: content.pipe(digest) },
      partSize: PART_BYTES,
      queueSize: 2,
    });
    await upload.done();
    return digest.result();
  }

  async open(path: BlobPath, range?: ByteRange): Promise<OpenBlob> {
    const { client, sdk } = await this.#connect();
    const { size } = await this.stat(path);
    if (range && range.start >= size) throw badRange(path, size);
    const Range = range && `bytes=${range.start}-${range.end ?? ''}`;
    const request = { Bucket: this.#bucket, Key: this.#key(path), ...(Range === undefined ? {} : { Range }) };
    const { Body } = await client.send(new sdk.GetObjectCommand(request));
    return { size, stream: Body as Readable };
  }

  async stat(path: BlobPath): Promise<{ size: number }> {
    const { client, sdk } = await this.#connect();
    try {
      const head = await client.send(new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key: this.#key(path) }));
      return { size: head.ContentLength ?? 0 };
    } catch (error) {
      if ((error as S3ServiceException).$metadata?.httpStatusCode === 404) throw notFound(path);
      throw error;
    }
  }

  async list(directory: BlobPath): Promise<readonly BlobInfo[]> {
    const { client, sdk } = await this.#connect();
    const prefix = directory === '' ? this.#root() : `${this.#key(directory)}/`;
    const request = { Bucket: this.#bucket, Prefix: prefix, Delimiter: '/' };
    const found: BlobInfo[] = [];
    for await (const page of sdk.paginateListObjectsV2({ client }, request)) {
      for (const { Prefix = '' } of page.CommonPrefixes ?? []) {
        found.push({ path: joinPath(directory, Prefix.slice(prefix.length, -1)), isDirectory: true });
      }
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        if (Key !== prefix)
          found.push({ path: joinPath(directory, Key.slice(prefix.length)), isDirectory: false, size: Size });
      }
    }
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async delete(path: BlobPath): Promise<void> {
    const { client, sdk } = await this.#connect();
    const key = this.#key(path);
    await client.send(new sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key: key }));
    const below = sdk.paginateListObjectsV2(
      { client, pageSize: DELETE_AT_ONCE },
      { Bucket: this.#bucket, Prefix: `${key}/` },
    );
    for await (const page of below) {
      const Objects = (page.Contents ?? []).map(({ Key }) => ({ Key }));
      if (Objects.length === 0) continue;
      await client.send(new sdk.DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects } }));
    }
  }

  async presign(method: 'GET' | 'PUT', path: BlobPath, expiresSeconds: number): Promise<string> {
    const { client, sdk } = await this.#connect();
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
    const request = { Bucket: this.#bucket, Key: this.#key(path) };
    const command = method === 'GET' ? new sdk.GetObjectCommand(request) : new sdk.PutObjectCommand(request);
    return getSignedUrl(client, command, { expiresIn: expiresSeconds });
  }

  #root(): string {
    return this.#prefix === '' ? '' : `${this.#prefix}/`;
  }

  #key(path: BlobPath): string {
    return `${this.#root()}${safePath(path)}`;
  }

  /** The SDK is large: it is loaded by the first object, not by every laptop. */
  #connect() {
    this.#connection ??= import('@aws-sdk/client-s3').then((sdk) => ({ client: new sdk.S3Client({}), sdk }));
    return this.#connection;
  }
}
