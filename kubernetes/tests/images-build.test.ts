import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { describe, expect, it } from 'vitest';
import { type Manifest, readManifests } from '../manifests.ts';
import { finalStage, ignored, performBuild, repository, stages } from './dockerfile.ts';

const images = [
  { file: 'platform-api/Dockerfile', health: '/healthz' },
  { file: 'engines/inference/Dockerfile', health: '/health' },
  { file: 'engines/tracking/Dockerfile', health: '/health' },
];

describe.each(images)('$file', ({ file, health }) => {
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
      const empty = file.startsWith('platform-api') ? ['--empty'] : [];
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

suite('the Dockerfiles', { needs: ['hadolint'] }, () => {
  it.each([...images, { file: 'kubernetes/flink/image/Dockerfile' }])('$file has no fault', async ({ file }) => {
    const { stdout, stderr } = await run(needTool('hadolint'), [join(repository, file)]);
    expect(stdout + stderr).toBe('');
  });
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
    const { of, variables } = await finalStage('platform-api/Dockerfile');
    const { securityContext, containers } = (deployment as Manifest).spec.template.spec;
    expect(`${securityContext.runAsUser}:${securityContext.runAsGroup}`).toBe(of('USER')[0]);
    expect(String(containers[0].ports[0].containerPort)).toBe(variables['MLOPS_PORT']);
    // the settings file is read from the working folder
    expect(of('WORKDIR')[0]).toBe(dirname(containers[0].volumeMounts[0].mountPath));
  });
});
