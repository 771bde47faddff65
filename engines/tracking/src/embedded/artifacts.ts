import { type BlobStore, safePath } from '@mlops/blobs';
import { PlatformError } from '@mlops/errors';
import type { TrackingArtifacts } from '../engine.ts';
import type { TrackingContext } from './context.ts';

/** The artifact proxy over a blob store. What passes is hashed, so that a registered model's bytes are known. */
export function artifactProxy({ database, blobs }: TrackingContext): TrackingArtifacts {
  return {
    async put(path, content) {
      const safe = namedPath(path);
      const stored = await blobs.put(safe, content);
      await database.write((tx) =>
        tx
          .insertInto('artifacts')
          .values({ path: safe, ...stored })
          .onConflict((conflict) => conflict.column('path').doUpdateSet(stored))
          .execute(),
      );
      return stored;
    },
    open: (path, range) => blobs.open(namedPath(path), range),
    list: (directory) => blobs.list(safePath(directory)),
    async delete(path) {
      const safe = namedPath(path);
      await existing(blobs, safe);
      await blobs.delete(safe);
      await database.write((tx) =>
        tx
          .deleteFrom('artifacts')
          .where((eb) =>
            eb.or([eb('path', '=', safe), eb.and([eb('path', '>', `${safe}/`), eb('path', '<', `${safe}0`)])]),
          )
          .execute(),
      );
    },
  };
}

/** Whether a path is that of an object, not of a directory or of nothing. */
export async function isStored(blobs: BlobStore, path: string): Promise<boolean> {
  try {
    await blobs.stat(safePath(path));
    return true;
  } catch (error) {
    if (error instanceof PlatformError && error.code === 'NOT_FOUND') return false;
    throw error;
  }
}

/** The path of something below the root, not the root itself. */
function namedPath(path: string): string {
  const safe = safePath(path);
  if (safe === '') throw new PlatformError('INVALID_PATH', 'Invalid path: it is empty.', { field: 'path' });
  return safe;
}

async function existing(blobs: BlobStore, path: string): Promise<void> {
  const children = await blobs.list(path);
  if (children.length === 0) await blobs.stat(path);
}
