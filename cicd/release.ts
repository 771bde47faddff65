/**
 * Whether a tag may become a release: `node cicd/release.ts check TAG`. Its version is that of package.json, of every image that is
 * built here, and has a section in CHANGELOG.md; `notes TAG` prints that section.
 */
import { readFile } from 'node:fs/promises';
import lock from '../kubernetes/images/images.lock.json' with { type: 'json' };
import own from '../package.json' with { type: 'json' };
import { Misused, main, output } from './command-line.ts';

const USAGE = 'usage: node cicd/release.ts check|notes TAG';

await main(USAGE, async () => {
  const [step, tag = '', ...more] = process.argv.slice(2);
  const version = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/.exec(tag)?.[1];
  if (version === undefined || more.length > 0 || (step !== 'check' && step !== 'notes'))
    throw new Misused(`"${tag}" is no tag such as v0.2.0`);
  const changelog = await readFile(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  const section = changelog.split(/^## /m).find((one) => one.startsWith(`[${version}]`));
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`);
  if (step === 'notes') {
    console.log(section.slice(section.indexOf('\n')).trim());
    return 0;
  }
  const others = [
    ...(own.version === version ? [] : [`package.json says ${own.version}`]),
    ...lock.images
      .filter(({ ours = false, tag: built }) => ours && built !== version)
      .map(({ name, tag: built }) => `kubernetes/images/images.lock.json has ${name}:${built}`),
  ];
  if (others.length > 0) throw new Error(`${tag} is not the version: ${others.join(', ')}`);
  await output('version', version);
  console.log(`${tag} is the version everywhere`);
  return 0;
});
