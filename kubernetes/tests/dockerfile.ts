import { cp, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '@mlops/child-process';

export const repository = fileURLToPath(new URL('../../', import.meta.url));

export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of each stage, continuation lines joined, comments dropped. */
export async function stages(path: string): Promise<Instruction[][]> {
  const text = (await readFile(join(repository, path), 'utf8')).replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, ' ');
  const result: Instruction[][] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
    if (name === 'FROM') result.push([]);
    result.at(-1)?.push({ name, rest });
  }
  return result;
}

/** Whether .dockerignore keeps a path (relative to the root) out of the build; the last line that matches decides. */
export function ignored(lines: readonly string[], path: string): boolean {
  let out = false;
  for (const line of lines) {
    const include = line.startsWith('!');
    const pattern = line.replace(/^!/, '').replace(/^\*\*\//, '');
    const anywhere = line.replace(/^!/, '').startsWith('**/');
    const expression = pattern.replace(/[.+^$()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*');
    if (new RegExp(`^${anywhere ? '(.*/)?' : ''}${expression}(/.*)?$`).test(path)) out = !include;
  }
  return out;
}

/**
 * Performs the build stage's own steps (what it copies, minus .dockerignore, and what it runs) in an empty folder, which
 * then is the image's /app. @throws where a step fails, or is none that can be done without a container.
 */
export async function performBuild(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-image-'));
  const [build = []] = await stages(path);
  const lines = (await readFile(join(repository, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  for (const { name, rest } of build) {
    if (name === 'COPY') {
      const parts = rest.split(/\s+/);
      const target = parts.at(-1) ?? '';
      for (const source of parts.slice(0, -1)) {
        const place = target.endsWith('/') ? join(folder, target, source) : join(folder, target);
        await mkdir(dirname(place), { recursive: true });
        await cp(join(repository, source), place, {
          recursive: true,
          filter: (from) => !ignored(lines, relative(repository, from)),
        });
      }
    } else if (name === 'RUN') {
      if (!/^(npm install|rm -rf node_modules\/)/.test(rest)) throw new Error(`cannot perform "${rest}"`);
      const { code, stderr } = await run('sh', ['-c', rest], { cwd: folder, env, timeout: 280_000, group: true });
      if (code !== 0) throw new Error(`${rest}: ${stderr}`);
    } else if (!['FROM', 'WORKDIR'].includes(name)) throw new Error(`cannot perform ${name}`);
  }
  return folder;
}

/** Performs the steps of a Dockerfile in a folder that is the working one of the image from which it starts. @throws where a step fails */
export async function performOn(folder: string, path: string): Promise<void> {
  const context = join(repository, dirname(path));
  const ignore = (await readFile(join(context, '.dockerignore'), 'utf8')).trim().split('\n');
  for (const { name, rest } of (await stages(path)).at(-1) ?? []) {
    const [source = '', target = ''] = rest.split(/\s+/);
    if (name === 'COPY') {
      const filter = (from: string) => !ignored(ignore, relative(context, from));
      await cp(join(context, source), join(folder, target), { recursive: true, filter });
    } else if (name === 'RUN') {
      const { code, stdout, stderr } = await run('sh', ['-c', rest], { cwd: folder });
      if (code !== 0) throw new Error(`${rest}: ${stdout}${stderr}`);
    } else if (!['FROM', 'USER', 'WORKDIR'].includes(name)) throw new Error(`cannot perform ${name}`);
  }
}

/** The variables of ENV and the program of ENTRYPOINT of the stage that runs. */
export async function finalStage(path: string) {
  const last = (await stages(path)).at(-1) ?? [];
  const of = (name: string) => last.filter((one) => one.name === name).map(({ rest }) => rest);
  const variables = Object.fromEntries(
    of('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, key, value]) => [key, value] as const)),
  );
  return { of, variables, entrypoint: JSON.parse(of('ENTRYPOINT')[0] ?? '[]') as string[] };
}
