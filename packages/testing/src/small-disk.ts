import { spawnSync } from 'node:child_process';
import { temporaryFolder } from './processes.ts';

/** A folder on a disk of a few megabytes (Linux, root); undefined where such a disk cannot be made. */
export function smallDisk(megabytes: number): { path: string; remove: () => void } | undefined {
  const folder = temporaryFolder();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder.path]);
  if (mount.status !== 0) {
    folder.remove();
    return undefined;
  }
  return {
    path: folder.path,
    remove: () => {
      spawnSync('umount', [folder.path]);
      folder.remove();
    },
  };
}
