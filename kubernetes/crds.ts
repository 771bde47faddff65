import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import lock from './crds/crds.lock.json' with { type: 'json' };

export interface LockedFile {
  readonly file: string;
  readonly url: string;
  readonly sha256: string;
}

export const lockedFiles: readonly LockedFile[] = lock.flatMap((project) => project.files);

/** The bytes if they are those of the lock. @throws naming the file and both digests. */
export function verified(file: Omit<LockedFile, 'file'>, bytes: Buffer): Buffer {
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== file.sha256) throw new Error(`${file.url}: SHA-256 is ${digest}, locked is ${file.sha256}`);
  return bytes;
}

/**
 * The locked CRD files in a folder: those that are there are verified, those that are missing are fetched. Returns their
 * paths in the lock's order. @throws where one cannot be had or is not the locked one.
 */
export async function customResourceFiles(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for (const locked of lockedFiles) {
    const path = join(folder, locked.file);
    const present = await readFile(path).catch(() => undefined);
    if (present) verified(locked, present);
    else {
      const bytes = verified(locked, await download(locked.url));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
    }
    paths.push(path);
  }
  return paths;
}

/** A file of the web. @throws with the address and the status. */
export async function download(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return Buffer.from(await response.arrayBuffer());
}

if (import.meta.main) {
  const [folder, ...more] = process.argv.slice(2);
  if (folder === undefined || more.length > 0) {
    console.error('usage: node crds.ts FOLDER');
    process.exit(2);
  }
  console.log(`${(await customResourceFiles(folder)).length} files are in ${folder}, as the lock says`);
}
