import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file source's place: a URL as it is, a path from the repository on. */
export function sourcePath(uri: string, root: string): string {
  if (uri.startsWith('file://')) return fileURLToPath(uri);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return isAbsolute(uri) ? uri : resolve(join(root, uri));
}
