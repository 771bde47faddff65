import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream, type Dirent, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PlatformError } from '@mlops/errors';
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

/** No upload is without a byte for so long: the server ends one that trickles. */
const ABANDONED_MILLISECONDS = 3_600_000;

/** Objects as files below one folder. A write goes to a temporary file, is flushed, and renamed into its place. */
export class LocalBlobStore implements BlobStore {
  readonly #objects: string;
  readonly #incoming: string;

  constructor(folder: string) {
    this.#objects = resolve(folder, 'objects');
    this.#incoming = resolve(folder, 'incoming');
    mkdirSync(this.#objects, { recursive: true });
    mkdirSync(this.#incoming, { recursive: true });
    removeAbandoned(this.#incoming);
  }

  async put(path: BlobPath, content: Readable): Promise<StoredBlob> {
    const target = this.#file(path);
    await this.#refuseLinks(path);
    const temporary = join(this.#incoming, randomUUID());
    const digest = new DigestStream();
    const file = createWriteStream(temporary, { flush: true });
    try {
      await pipeline(content, digest, file);
      await mkdir(dirname(target), { recursive: true });
      await rename(temporary, target);
      await flushFolder(dirname(target));
      return digest.result();
    } catch (error) {
      // A stream that is broken off while it opens its file makes the file after all.
      if (!file.closed) await once(file, 'close');
      await rm(temporary, { force: true });
      throw occupied(error, path) ?? error;
    }
  }

  async open(path: BlobPath, range?: ByteRange): Promise<OpenBlob> {
    const { size } = await this.stat(path);
    if (!range) return { size, stream: createReadStream(this.#file(path)) };
    const end = Math.min(range.end ?? size - 1, size - 1);
    if (range.start > end) throw badRange(path, size);
    return { size, stream: createReadStream(this.#file(path), { start: range.start, end }) };
  }

  async stat(path: BlobPath): Promise<{ size: number }> {
    await this.#refuseLinks(path);
    const found = await lstat(this.#file(path)).catch(missingAsUndefined);
    if (!found?.isFile()) throw notFound(path);
    return { size: found.size };
  }

  async list(directory: BlobPath): Promise<readonly BlobInfo[]> {
    const folder = directory === '' ? this.#objects : this.#file(directory);
    if (directory !== '') await this.#refuseLinks(directory);
    const entries = (await readdir(folder, { withFileTypes: true }).catch(missingAsUndefined)) ?? [];
    const infos = await Promise.all(entries.map((entry) => this.#describe(directory, entry)));
    return infos.filter((info) => info !== undefined).sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async delete(path: BlobPath): Promise<void> {
    await this.#refuseLinks(path);
    await rm(this.#file(path), { recursive: true, force: true });
  }

  fileOf(path: BlobPath): string {
    return this.#file(path);
  }

  presign(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #describe(directory: BlobPath, entry: Dirent): Promise<BlobInfo | undefined> {
    const path = joinPath(directory, entry.name);
    if (entry.isDirectory()) return { path, isDirectory: true };
    if (!entry.isFile()) return undefined;
    return { path, isDirectory: false, ...(await this.stat(path)) };
  }

  /**
   * A link on the way leads out of the store, whoever has put it there.
   * @throws INVALID_PATH
   */
  async #refuseLinks(path: BlobPath): Promise<void> {
    let place = this.#objects;
    for (const segment of safePath(path).split('/')) {
      place = join(place, segment);
      const found = await lstat(place).catch(missingAsUndefined);
      if (!found) return;
      if (found.isSymbolicLink()) {
        throw new PlatformError('INVALID_PATH', `Invalid path: '${path}' leads through a link.`, { field: 'path' });
      }
    }
  }

  /** The path is checked here once more, whoever checked it before. */
  #file(path: BlobPath): string {
    const safe = safePath(path);
    if (safe === '') throw new PlatformError('INVALID_PATH', 'Invalid path: it is empty.', { field: 'path' });
    return join(this.#objects, safe);
  }
}

/** What a process that was killed was receiving. Others may write to the same folder: what is young may be theirs. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > ABANDONED_MILLISECONDS) rmSync(path, { recursive: true, force: true });
  }
}

/** Makes the new name itself survive a loss of power. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const MISSING = new Set(['ENOENT', 'ENOTDIR']);

function missingAsUndefined(error: unknown): undefined {
  if (MISSING.has((error as { code: string }).code)) return undefined;
  throw error;
}

const OCCUPIED = new Set(['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY']);

function occupied(error: unknown, path: BlobPath): PlatformError | undefined {
  if (!OCCUPIED.has((error as { code?: string }).code ?? '')) return undefined;
  return new PlatformError('CONFLICT', `'${path}' is a directory, or lies below a file.`, {
    field: 'path',
    cause: error,
  });
}
