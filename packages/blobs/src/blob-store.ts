import type { Readable } from 'node:stream';
import { PlatformError } from '@mlops/errors';

/** An object's path below the store's root: segments joined by '/', checked by `safePath`. */
export type BlobPath = string;

export interface BlobInfo {
  readonly path: BlobPath;
  readonly isDirectory: boolean;
  /** Bytes; absent for a directory. */
  readonly size?: number;
}

export interface StoredBlob {
  readonly size: number;
  /** Hexadecimal SHA-256 of the bytes, computed while they passed. */
  readonly sha256: string;
}

export interface OpenBlob {
  readonly size: number;
  readonly stream: Readable;
}

/** Bytes `start` to `end`, both inclusive, as in HTTP. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** Where objects live. Nothing is held in memory whole; a write becomes visible when it is complete. */
export interface BlobStore {
  /** @throws STORAGE_FULL; nothing of a failed write remains. */
  put(path: BlobPath, content: Readable): Promise<StoredBlob>;
  /** @throws NOT_FOUND, RANGE_NOT_SATISFIABLE */
  open(path: BlobPath, range?: ByteRange): Promise<OpenBlob>;
  /** @throws NOT_FOUND */
  stat(path: BlobPath): Promise<{ size: number }>;
  /** Direct children of a directory by name; a directory that does not exist has none. */
  list(directory: BlobPath): Promise<readonly BlobInfo[]>;
  /** Removes an object, or a directory with all below it. Nothing there is no error. */
  delete(path: BlobPath): Promise<void>;
  /** Where an object lies on this machine; absent where a store keeps none there. Not checked: the object may be missing. */
  fileOf?(path: BlobPath): string;
  /** A URL at which anyone may GET or PUT the object until it expires; undefined where the store has no such thing. */
  presign(method: 'GET' | 'PUT', path: BlobPath, expiresSeconds: number): Promise<string | undefined>;
}

const PATH_BYTES_MAX = 1024;
const SEGMENT_BYTES_MAX = 255;

/**
 * A caller's relative path in its one safe form. Escapes are decoded repeatedly, as a server behind us might do.
 * @throws INVALID_PATH for '..', an absolute path, a drive, a backslash, a control character, '#', '?', or a name too long.
 */
export function safePath(path: string): BlobPath {
  const decoded = decodeFully(path);
  const wrong = (why: string) => new PlatformError('INVALID_PATH', `Invalid path: ${why}.`, { field: 'path' });
  if (/[\u0000-\u001f\u007f\\#?]/.test(decoded)) throw wrong("control characters, '\\', '#' and '?' are not allowed");
  if (decoded.startsWith('/') || /^[A-Za-z]:/.test(decoded)) throw wrong('it must be relative');
  const segments = decoded.split('/').filter((segment) => segment !== '' && segment !== '.');
  if (segments.includes('..')) throw wrong("'..' is not allowed");
  const joined = segments.join('/');
  const tooLong = Buffer.byteLength(joined) > PATH_BYTES_MAX;
  if (tooLong || segments.some((segment) => Buffer.byteLength(segment) > SEGMENT_BYTES_MAX))
    throw wrong('it is too long');
  return joined;
}

function decodeFully(path: string): string {
  let decoded = path;
  for (let i = 0; i < 10; i++) {
    let next: string;
    try {
      next = decodeURIComponent(decoded);
    } catch {
      return decoded;
    }
    if (next === decoded) return decoded;
    decoded = next;
  }
  throw new PlatformError('INVALID_PATH', 'Invalid path: it is escaped too often.', { field: 'path' });
}

/** The path of `child` below `parent`, both safe already. */
export function joinPath(parent: BlobPath, child: BlobPath): BlobPath {
  return [parent, child].filter((part) => part !== '').join('/');
}

export function notFound(path: BlobPath): PlatformError {
  return new PlatformError('NOT_FOUND', `No such artifact: '${path}'.`);
}

export function badRange(path: BlobPath, size: number): PlatformError {
  return new PlatformError('RANGE_NOT_SATISFIABLE', `The range lies outside of '${path}', which has ${size} bytes.`);
}
