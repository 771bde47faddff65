import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '@mlops/errors';

/** The folder in which one program keeps everything. While it is open no other program opens it. */
export interface DataFolder {
  /** Absolute. */
  readonly path: string;
  /** Lets others open it: the last thing that a program does. */
  close(): void;
}

/** A lock that nobody refers to would be collected, and so given away. */
const held = new Set<DatabaseSync>();

/**
 * Opens the data folder, made if it is missing, for this process alone. The lock is a file lock of the operating system,
 * held through SQLite: it ends with the process, however that ends.
 * @throws INVALID_PARAMETER if it cannot be a folder that this process writes to; CONFLICT if another process has it open
 */
export function openDataFolder(path: string): DataFolder {
  const folder = resolve(path);
  const owner = join(folder, 'lock.pid');
  let lock: DatabaseSync;
  try {
    makeFolder(folder);
    lock = new DatabaseSync(join(folder, 'lock'));
  } catch (error) {
    throw unusable(folder, error);
  }
  try {
    lock.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    writeFileSync(owner, String(process.pid));
  } catch (error) {
    lock.close();
    const { errcode = 0, code } = error as { errcode?: number; code?: string };
    if ((errcode & 0xff) === SQLITE_BUSY) throw taken(folder, owner);
    if (code === 'ENOSPC' || (errcode & 0xff) === SQLITE_FULL) throw error;
    throw unusable(folder, error);
  }
  held.add(lock);
  return {
    path: folder,
    close() {
      if (held.delete(lock)) lock.close();
    },
  };
}

/**
 * A folder that holds what a database has told of, and no database: that one was lost, and an empty one in its place would
 * know nothing of the rest.
 * @param database its file @param told folders of what it tells of
 * @throws INVALID_PARAMETER
 */
export function refuseLostDatabase(folder: string, database: string, told: readonly string[]): void {
  const size = statSync(join(folder, database), { throwIfNoEntry: false })?.size ?? 0;
  if (size > 0) return;
  const left = told.find((name) => hasFiles(join(folder, name)));
  if (left === undefined) return;
  const message = `data: ${join(folder, database)} is missing or empty, but ${join(folder, left)} is not. Restore the database from a backup, or choose another folder with --data.`;
  throw new PlatformError('INVALID_PARAMETER', message, { field: 'data' });
}

function hasFiles(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const entries = readdirSync(folder, { withFileTypes: true });
  return entries.some((each) => each.isFile() || (each.isDirectory() && hasFiles(join(folder, each.name))));
}

/** One level after another: Node's own recursive form never returns where a file system refuses as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

function unusable(folder: string, error: unknown): PlatformError {
  const reason = (error as Error).message;
  return new PlatformError('INVALID_PARAMETER', `data: ${folder} cannot be used as the data folder: ${reason}.`, {
    field: 'data',
    cause: error,
  });
}

function taken(folder: string, owner: string): PlatformError {
  let pid = '';
  try {
    pid = ` (process ${readFileSync(owner, 'utf8')})`;
  } catch {
    // It has just begun.
  }
  return new PlatformError(
    'CONFLICT',
    `data: ${folder} is in use by another program${pid}. Stop that one first, or choose another folder with --data.`,
    { field: 'data' },
  );
}
