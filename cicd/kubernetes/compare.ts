import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import {
  type Environment,
  identity,
  type Manifest,
  readManifests,
  writeManifests,
} from '../../kubernetes/manifests.ts';

/** What a change of the repository does to an environment's objects. */
export interface Comparison {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The objects that are in both and differ. */
  readonly changed: readonly string[];
  /** All of it as lines of `diff -u`. */
  readonly text: string;
}

const label = ({ kind, metadata: { name, namespace } }: Manifest) =>
  `${kind} ${namespace ? `${namespace}/` : ''}${name}`;

/** A program's output. @throws with its words; `diff` exits with 1 where there is a difference. */
async function call(
  program: string,
  args: readonly string[],
  cwd: string,
  success: readonly number[] = [0],
): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, { cwd });
  if (!success.includes(code)) throw new Error(`${program} ${args[0]}: ${stderr.trim()}`);
  return stdout;
}

/** The objects of an environment in a checkout, by what makes them the same. */
async function objects(checkout: string, environment: Environment): Promise<Map<string, Manifest>> {
  const text = await call('kubectl', ['kustomize', join(checkout, 'kubernetes/overlays', environment)], checkout);
  return new Map(readManifests(text).map((object) => [identity(object), object]));
}

/**
 * Compares an environment's objects as they are in a checkout with those of an earlier commit. Asks no cluster: kubectl's own
 * comparison needs the right to write, even where it writes nothing.
 */
export async function compare(checkout: string, environment: Environment, commit: string): Promise<Comparison> {
  if (!/^[\w./~^-]+$/.test(commit) || commit.startsWith('-')) throw new Error(`"${commit}" is no commit`);
  const folder = await mkdtemp(join(tmpdir(), 'mlops-compare-'));
  try {
    const archive = join(folder, 'base.tar');
    await call('git', ['archive', `--output=${archive}`, commit, 'kubernetes'], checkout);
    await call('tar', ['-xf', archive], folder);
    const [before, after] = [await objects(folder, environment), await objects(checkout, environment)];
    const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
    const parts: string[] = [];
    const changed: string[] = [];
    for (const key of keys) {
      const pair = [before.get(key), after.get(key)] as const;
      const [old, now] = pair.map((object) => (object ? writeManifests([object]) : ''));
      if (old === now) continue;
      const files = [join(folder, 'before'), join(folder, 'after')] as const;
      await Promise.all([writeFile(files[0], old ?? ''), writeFile(files[1], now ?? '')]);
      const name = label((pair[1] ?? pair[0]) as Manifest);
      if (pair[0] && pair[1]) changed.push(name);
      parts.push(await call('diff', ['-u', `--label=${name}`, `--label=${name}`, ...files], folder, [0, 1]));
    }
    const only = (one: ReadonlyMap<string, Manifest>, other: ReadonlyMap<string, Manifest>) =>
      [...one].filter(([key]) => !other.has(key)).map(([, object]) => label(object));
    return { added: only(after, before), removed: only(before, after), changed, text: parts.join('') };
  } finally {
    await rm(folder, { recursive: true });
  }
}
