import { type BlobStore, joinPath, safePath } from '@mlops/blobs';
import { PlatformError } from '@mlops/errors';
import type { TrackingArtifacts } from '../engine.ts';
import { DEFAULT_WORKSPACE, type TrackingContext } from './context.ts';

export const WORKSPACES = 'workspaces';

/**
 * Where a path of a workspace lies in the store: below `workspaces/NAME`, and for `default` at the root, as MLflow lays
 * them (server/handlers.py, `_get_workspace_scoped_repo_path_if_enabled`). A path into another workspace leads nowhere.
 */
export function inWorkspace(workspace: string, path: string): string {
  const own = `${WORKSPACES}/${workspace}`;
  if (path === own || path.startsWith(`${own}/`)) return path;
  const isForeign = path === WORKSPACES || path.startsWith(`${WORKSPACES}/`);
  return workspace === DEFAULT_WORKSPACE && !isForeign ? path : joinPath(own, path);
}

/** The artifact proxy over a blob store. What passes is hashed, so that a registered model's bytes are known. */
export function artifactProxy({ database, blobs, workspace }: TrackingContext): TrackingArtifacts {
  const placed = (path: string) => inWorkspace(workspace, safePath(path));
  /** The path of something below the root, not the root itself. */
  const named = (path: string) => {
    if (safePath(path) === '') throw new PlatformError('INVALID_PATH', 'Invalid path: it is empty.', { field: 'path' });
    return placed(path);
  };
  return {
    async put(path, content) {
      const safe = named(path);
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
    open: (path, range) => blobs.open(named(path), range),
    async list(directory) {
      const found = await blobs.list(placed(directory));
      return safePath(directory) === '' ? found.filter(({ path }) => path !== WORKSPACES) : found;
    },
    async delete(path) {
      const safe = named(path);
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

async function existing(blobs: BlobStore, path: string): Promise<void> {
  const children = await blobs.list(path);
  if (children.length === 0) await blobs.stat(path);
}
