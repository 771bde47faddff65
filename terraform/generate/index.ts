import { readmes } from './readme.ts';
import { rootTests } from './root-tests.ts';
import { rotationPackage } from './rotation-package.ts';

/** Everything below terraform/ that is derived from other files there, by path. */
export function generated(): Record<string, string | Buffer> {
  return { ...readmes(), ...rootTests(), 'modules/rotation/function.zip': rotationPackage() };
}
