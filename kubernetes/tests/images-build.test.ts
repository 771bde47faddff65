import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run, startServer } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import lock from '../images/images.lock.json' with { type: 'json' };
import { type Manifest, readManifests } from '../manifests.ts';
import { finalStage, ignored, performBuild, performOn, repository, stages } from './dockerfile.ts';

const { images } = lock;

const builds = [
  { file: 'Dockerfile', health: '/healthz' },
  { file: 'engines/inference/Dockerfile', health: '/health' },
  { file: 'engines/tracking/Dockerfile', health: '/health' },
];

describe.each(builds)('$file', ({ file, health }) => {
  it('ends in an image that is not root, labelled, checked, and without build tools', async () => {
    const { of, variables, entrypoint } = await finalStage(file);
    expect(await stages(file)).toHaveLength(2);
    expect(of('USER')).toEqual(['10001:10001']);
    expect(of('RUN').join()).toMatch(/rm -rf \/usr\/local\/lib\/node_modules/);
    for (const key of ['title', 'version', 'revision'])
      expect(of('LABEL').join()).toContain(`org.opencontainers.image.${key}=`);
    expect(of('HEALTHCHECK')[0]).toContain(health);
    expect(of('EXPOSE')[0]).toBe(variables['MLOPS_PORT']);
    expect(existsSync(join(repository, entrypoint[1] ?? ''))).toBe(true);
  });

  it('makes, step by step in an empty folder, a program that starts and answers', { timeout: 400_000 }, async () => {
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` };
    const folder = await performBuild(file, env);
    const data = await mkdtemp(join(tmpdir(), 'mlops-image-data-'));
    try {
      const modules = await readdir(join(folder, 'node_modules'));
      for (const development of ['vitest', 'typescript', '@biomejs', 'oxlint', 'node'])
        expect(modules).not.toContain(development);
      const { variables, entrypoint } = await finalStage(file);
      const empty = file === 'Dockerfile' ? ['--empty'] : [];
      const settings = { ...variables, MLOPS_HOST: '127.0.0.1', MLOPS_PORT: '0', MLOPS_DATA: data };
      const child = spawn(process.execPath, [...entrypoint.slice(1), ...empty], {
        cwd: folder,
        env: { PATH: env.PATH, ...settings },
      });
      try {
        const address = await new Promise<string>((resolve, reject) => {
          let said = '';
          const listen = (chunk: Buffer) => {
            said += chunk.toString();
            const found = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
            if (found) resolve(found);
          };
          child.stdout.on('data', listen);
          child.stderr.on('data', listen);
          child.on('error', reject);
          child.on('exit', (code) => reject(new Error(`it stopped with ${code}: ${said}`)));
          setTimeout(() => reject(new Error(`it named no address within a minute: ${said}`)), 60_000).unref();
        });
        const answer = await fetch(`${address}${health}`, { signal: AbortSignal.timeout(30_000) });
        expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/ok/i)]);
      } finally {
        // one that has ended already says so no more
        if (child.pid && child.exitCode === null && child.signalCode === null) {
          const gone = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
          child.kill('SIGTERM');
          const stubborn = setTimeout(() => child.kill('SIGKILL'), 20_000);
          // a container that does not stop when asked loses what it was doing
          expect(await gone).not.toBe('SIGKILL');
          clearTimeout(stubborn);
        }
      }
    } finally {
      await rm(folder, { recursive: true });
      await rm(data, { recursive: true });
    }
  });
});

describe('platform-api/Dockerfile', () => {
  const file = 'platform-api/Dockerfile';
  const own = join(repository, 'platform-api');
  let folder: string;

  /** An image of a release: what it has of this folder, and a file that is gone since. */
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-release-'));
    for (const part of ['package.json', 'src', 'policies'])
      await cp(join(own, part), join(folder, 'platform-api', part), { recursive: true });
    await writeFile(join(folder, 'platform-api/src/gone.ts'), '');
    await symlink(join(repository, 'node_modules'), join(folder, 'node_modules'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('starts from the release that the manifests run, and ends as its user', async () => {
    const { of } = await finalStage(file);
    const release = images.find(({ name }) => name === 'localhost/mlops/platform-api');
    const text = await readFile(join(repository, file), 'utf8');
    expect(text).toContain(`\nARG RELEASE=${release?.name}:${release?.tag}\n`);
    expect(of('USER').at(-1)).toBe((await finalStage('Dockerfile')).of('USER')[0]);
  });

  it('exchanges the program, which starts and answers', { timeout: 60_000 }, async () => {
    await performOn(folder, file);
    expect((await readdir(join(folder, 'platform-api'))).sort()).toEqual(['package.json', 'policies', 'src']);
    expect(existsSync(join(folder, 'platform-api/src/gone.ts'))).toBe(false);
    const program = join(folder, 'platform-api/src/main.ts');
    const args = [program, '--empty', '--port=0', `--data=${join(folder, 'data')}`];
    const { line, stop } = await startServer(process.execPath, args, /ready at (http:\S+?)[,\s(]/);
    expect((await fetch(`${line?.[1]}/healthz`)).status).toBe(200);
    await stop();
  });

  it('stops where the release has other dependencies', async () => {
    await writeFile(join(folder, 'platform-api/package.json'), '{}');
    await expect(performOn(folder, file)).rejects.toThrow('cmp own.json platform-api/package.json');
  });
});

suite('the Dockerfiles', { needs: ['hadolint'] }, () => {
  it.each([...builds, { file: 'platform-api/Dockerfile' }, { file: 'kubernetes/flink/image/Dockerfile' }])(
    '$file has no fault',
    async ({ file }) => {
      const { stdout, stderr } = await run(needTool('hadolint'), [join(repository, file)]);
      expect(stdout + stderr).toBe('');
    },
  );
});

describe('what goes into an image', () => {
  it('leaves out tests, modules and what is not named', async () => {
    const lines = (await readFile(join(repository, '.dockerignore'), 'utf8'))
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    for (const path of [
      'kubernetes',
      'docs/adr/0001.md',
      'node_modules',
      'packages/service/node_modules/x',
      'engines/tracking/tests',
      'packages/testing',
      '.git',
    ]) {
      expect([path, ignored(lines, path)]).toEqual([path, true]);
    }
    for (const path of [
      'package.json',
      'packages/service/src/server.ts',
      'platform-api/policies/teams.cedar',
      'examples/flight-delays/src/index.ts',
    ]) {
      expect([path, ignored(lines, path)]).toEqual([path, false]);
    }
  });

  it('runs in the cluster as the user and on the port of the image', async () => {
    const [deployment] = readManifests(
      await readFile(join(repository, 'kubernetes/platform-api/20-platform-api.yaml'), 'utf8'),
    );
    const { of, variables } = await finalStage('Dockerfile');
    const { securityContext, containers } = (deployment as Manifest).spec.template.spec;
    expect(`${securityContext.runAsUser}:${securityContext.runAsGroup}`).toBe(of('USER')[0]);
    expect(String(containers[0].ports[0].containerPort)).toBe(variables['MLOPS_PORT']);
    // the settings file is read from the working folder
    expect(of('WORKDIR')[0]).toBe(dirname(containers[0].volumeMounts[0].mountPath));
  });
});
