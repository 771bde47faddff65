import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { sha256Of } from '@mlops/blobs';
import { Turns } from '@mlops/concurrency';
import { PlatformError } from '@mlops/errors';
import { digestOfFiles, type TrackingEngine, type TrackingWorkspace } from '@mlops/tracking';

const FILES_MAX = 10_000;

/** A model version as the registry of a team knows it. */
export interface RegisteredVersion {
  readonly team: string;
  readonly name: string;
  readonly version: string;
}

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
  readonly #turns = new Turns();

  constructor(root: string, tracking: TrackingEngine) {
    this.#root = root;
    this.#tracking = tracking;
  }

  /**
   * The files of a model version. `expected` is the digest that an earlier load has seen; the registry's own counts too.
   * @throws DIGEST_MISMATCH if the bytes are not those that were registered, NOT_FOUND, INVALID_MODEL if there are none
   */
  async fetch({ team, name, version }: RegisteredVersion, expected?: string): Promise<FetchedModel> {
    const workspace = this.#tracking.workspace(team);
    const source = await workspace.modelVersionFiles(name, version);
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
      if (source.isFile) await copyFile(workspace, source.directory, join(incoming, basename(source.directory)));
      else await copyFolder(workspace, source.directory, '', { target: incoming, files: 0 });
      const digest = await folderDigest(incoming);
      if (digest === undefined)
        throw new PlatformError('INVALID_MODEL', `Model version ${name}/${version} has no files.`);
      if (wanted !== undefined && digest !== wanted) throw mismatch(name, version, wanted, digest);
      return await this.#turns.take(digest, () => this.#keep(incoming, digest));
    } finally {
      await rm(incoming, { recursive: true, force: true });
      this.#incoming.delete(basename(incoming));
    }
  }

  /** In turn: what is there with the right bytes stays, for another deployment may be loading it. */
  async #keep(incoming: string, digest: string): Promise<FetchedModel> {
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

  /**
   * Removes what is of none of these digests, and what a killed process was copying; what is younger than `age`
   * (milliseconds) may belong to a deployment that is being made. @returns how many were removed
   */
  async sweep(needed: ReadonlySet<string>, age: number): Promise<number> {
    const kept = new Set([...needed].map((digest) => basename(this.folder(digest))));
    const unneeded = (await readdir(this.#root).catch(noFolder)).filter(
      (name) => !kept.has(name) && !this.#incoming.has(name),
    );
    let removed = 0;
    for (const name of unneeded) {
      const path = join(this.#root, name);
      if (Date.now() - (await stat(path)).ctimeMs < age) continue;
      await rm(path, { recursive: true, force: true });
      removed += 1;
    }
    return removed;
  }

  /** Where the files of a digest are, once they were fetched. */
  folder(digest: string): string {
    return join(this.#root, digest.replace(':', '-'));
  }
}

/** @param to where it goes; counts the files */
async function copyFolder(
  workspace: TrackingWorkspace,
  directory: string,
  below: string,
  to: { readonly target: string; files: number },
): Promise<void> {
  const from = below === '' ? directory : `${directory}/${below}`;
  for (const { path, isDirectory } of await workspace.artifacts.list(from)) {
    to.files += 1;
    if (to.files > FILES_MAX) throw new PlatformError('INVALID_MODEL', `The model has more than ${FILES_MAX} files.`);
    const inside = path.slice(directory.length + 1);
    if (isDirectory) {
      await copyFolder(workspace, directory, inside, to);
      continue;
    }
    const file = join(to.target, ...inside.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await copyFile(workspace, path, file);
  }
}

async function copyFile(workspace: TrackingWorkspace, path: string, file: string): Promise<void> {
  const { stream } = await workspace.artifacts.open(path);
  await pipeline(stream, createWriteStream(file, { flush: true }));
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
