import { readmes } from './readme.ts';
import { rootTests } from './root-tests.ts';
import { rotationPackage } from './rotation-package.ts';

/** Everything below terraform/ that is derived from other files there, by path. */
export function generated(): Record<string, Buffer> {
  const texts = Object.entries({ ...readmes(), ...rootTests() }).map(([path, text]) => [path, Buffer.from(text)]);
  return { ...Object.fromEntries(texts), 'modules/rotation/function.zip': rotationPackage() };
}
