import { isAbsolute, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where paths of sources begin. */
export interface SourceRoot {
  readonly folder: string;
  /** Whether nothing outside of the folder may be named: where definitions come from others than who runs the server. */
  readonly isConfined: boolean;
}

/** A file source's place: a URL as it is, a path from the repository on. */
export function sourcePath(uri: string, root: string): string {
  if (uri.startsWith('file://')) return fileURLToPath(uri);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return isAbsolute(uri) ? uri : resolve(join(root, uri));
}

/** Whether a place lies in a folder, as the paths say. */
export function isWithin(place: string, folder: string): boolean {
  const way = relative(folder, place);
  return isAbsolute(place) && way !== '' && way.split('/')[0] !== '..' && !isAbsolute(way) && !place.includes('\u0000');
}
