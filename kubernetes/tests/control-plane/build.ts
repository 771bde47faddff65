/**
 * Builds etcd, the API server, the controller manager and kubectl once (7 to 12 minutes with two cores) into the folder
 * where the tests look for them: `node tests/control-plane/build.ts`. Does nothing where they stand already.
 */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '@mlops/child-process';
import { binariesFolder, moduleFolder } from '../control-plane.ts';

const VERSION = 'v1.35.4';
const NAMES = ['server', 'kube-apiserver', 'kube-controller-manager', 'kubectl'];

const folder = binariesFolder();
if (NAMES.every((name) => existsSync(join(folder, name)))) console.log(`${folder} is complete`);
else {
  await mkdir(dirname(folder), { recursive: true });
  const building = await mkdtemp(`${folder}-building-`);
  const version = 'k8s.io/component-base/version';
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(VERSION) ?? [];
  const flags = [`gitVersion=${VERSION}`, `gitMajor=${major}`, `gitMinor=${minor}`].map(
    (flag) => `-X ${version}.${flag}`,
  );
  const { code, stderr } = await run(
    'go',
    ['build', '-trimpath', '-ldflags', `-s -w ${flags.join(' ')}`, '-o', `${building}/`, 'tool'],
    { cwd: moduleFolder, timeout: 1_800_000, env: { ...process.env, GOTOOLCHAIN: 'local' } },
  );
  if (code !== 0) {
    await rm(building, { recursive: true });
    throw new Error(`go build: ${stderr.trim()}`);
  }
  await mkdir(folder, { recursive: true });
  // the folder may be there already where it was named by hand
  for (const name of NAMES) await rename(join(building, name), join(folder, name));
  await rm(building, { recursive: true });
  console.log(`built ${folder}`);
}
