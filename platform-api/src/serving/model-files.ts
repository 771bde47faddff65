import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256Of } from '@mlops/blobs';
import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import { digestOfFiles, type TrackingEngine } from '@mlops/tracking';

const FILES_MAX = 10_000;

export interface FetchedModel {
  readonly folder: string;
  readonly digest: string;
}

/** Model files on this machine, by their digest. What is handed out has just been hashed, wherever it came from. */
export class ModelFiles {
  readonly #root: string;
  readonly #tracking: TrackingEngine;
  /** Folders that are being copied. */
  readonly #incoming = new Set<string>();
  readonly #placing = new Turns();

  constructor(root: string, tracking: TrackingEngine) {
    this.#root = root;
    this.#tracking = tracking;
  }

  /**
   * The files of a model version. `expected` is the digest that an earlier load has seen; the registry's own counts too.
   * @throws DIGEST_MISMATCH if the bytes are not those that were registered, NOT_FOUND, INVALID_MODEL if there are none
   */
  async fetch(name: string, version: string, expected?: string): Promise<FetchedModel> {
    const source = await this.#tracking.modelVersionFiles(name, version);
    const { digest: registered } = source;
    if (registered !== undefined && expected !== undefined && registered !== expected) {
      throw mismatch(name, version, registered, expected);
    }
    const wanted = registered ?? expected;
    const kept = wanted === undefined ? undefined : await this.#kept(wanted);
    if (kept) return kept;
    await mkdir(this.#root, { recursive: true });
    const incoming = await mkdtemp(join(this.#root, 'incoming-'));
    this.#incoming.add(basename(incoming));
    try {
      if (source.isFile) await this.#copyFile(source.directory, join(incoming, basename(source.directory)));
      else await this.#copy(source.directory, '', incoming, { files: 0 });
      const digest = await folderDigest(incoming);
      if (digest === undefined)
        throw new PlatformError('INVALID_MODEL', `Model version ${name}/${version} has no files.`);
      if (wanted !== undefined && digest !== wanted) throw mismatch(name, version, wanted, digest);
      return await this.#placing.take(digest, () => this.#place(incoming, digest));
    } finally {
      await rm(incoming, { recursive: true, force: true });
      this.#incoming.delete(basename(incoming));
    }
  }

  /** In turn: another may have brought the same bytes meanwhile, and be loading them. */
  async #place(incoming: string, digest: string): Promise<FetchedModel> {
    const kept = await this.#kept(digest);
    if (kept) return kept;
    const folder = this.folder(digest);
    await rm(folder, { recursive: true, force: true });
    await rename(incoming, folder);
    return { folder, digest };
  }

  /** A copy from before, if its bytes are still what its name says. */
  async #kept(digest: string): Promise<FetchedModel | undefined> {
    const folder = this.folder(digest);
    return (await folderDigest(folder)) === digest ? { folder, digest } : undefined;
  }

  /** Removes what is of none of these digests, and what a killed process was copying. @returns how many were removed */
  async sweep(needed: ReadonlySet<string>): Promise<number> {
    const kept = new Set([...needed].map((digest) => basename(this.folder(digest))));
    const unneeded = (await readdir(this.#root).catch(noFolder)).filter(
      (name) => !kept.has(name) && !this.#incoming.has(name),
    );
    for (const name of unneeded) await rm(join(this.#root, name), { recursive: true, force: true });
    return unneeded.length;
  }

  /** Where the files of a digest are, once they were fetched. */
  folder(digest: string): string {
    return join(this.#root, digest.replace(':', '-'));
  }

  async #copy(directory: string, below: string, target: string, count: { files: number }): Promise<void> {
    const from = below === '' ? directory : `${directory}/${below}`;
    for (const { path, isDirectory } of await this.#tracking.artifacts.list(from)) {
      count.files += 1;
      if (count.files > FILES_MAX)
        throw new PlatformError('INVALID_MODEL', `The model has more than ${FILES_MAX} files.`);
      const inside = path.slice(directory.length + 1);
      if (isDirectory) {
        await this.#copy(directory, inside, target, count);
        continue;
      }
      const file = join(target, ...inside.split('/'));
      await mkdir(dirname(file), { recursive: true });
      await this.#copyFile(path, file);
    }
  }

  async #copyFile(path: string, file: string): Promise<void> {
    const { stream } = await this.#tracking.artifacts.open(path);
    await pipeline(stream, createWriteStream(file, { flush: true }));
  }
}

async function folderDigest(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noFolder);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) return undefined;
  const hashed = files.map(async (file) => ({
    path: relative(folder, file).split(sep).join('/'),
    sha256: await sha256Of(createReadStream(file)),
  }));
  return digestOfFiles(await Promise.all(hashed));
}

/** A model that was never fetched has no folder; any other failure is one. */
function noFolder(error: unknown): [] {
  if ((error as { code?: string }).code === 'ENOENT') return [];
  throw error;
}

function mismatch(name: string, version: string, wanted: string, found: string): PlatformError {
  return new PlatformError(
    'DIGEST_MISMATCH',
    `The files of model version ${name}/${version} are not those that were registered: expected ${wanted}, found ${found}. Register the model anew.`,
    { data: { expected: wanted, found } },
  );
}
