import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import lock from '../images/images.lock.json' with { type: 'json' };
import { component, digestOf } from '../images/lock.ts';
import { root } from '../manifests.ts';

suite('the lock of images', { needs: ['kubectl'] }, () => {
  const digest = `sha256:${'ab'.repeat(32)}`;

  it('makes the component that the overlays use', async () => {
    const written = await readFile(new URL('../images/kustomization.yaml', import.meta.url), 'utf8');
    expect(written).toBe(component(lock.images));
  });

  it('runs an image by its digest as soon as it has one', () => {
    const made = parse(
      component([
        { name: 'ghcr.io/a/b', tag: 'v1', digest },
        { name: 'ghcr.io/a/c', tag: 'v1', digest: null },
      ]),
    ) as { images: object[] };
    expect(made.images).toEqual([{ name: 'ghcr.io/a/b', newTag: 'v1', digest }]);
  });

  it('reaches every place that names an image', { timeout: 60_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-images-'));
    await cp(root, join(folder, 'kubernetes'), {
      recursive: true,
      filter: (path) => !/node_modules|\/tests(\/|$)|\/crds(\/|$)/.test(path),
    });
    await writeFile(
      join(folder, 'kubernetes/images/kustomization.yaml'),
      component(lock.images.map((image) => ({ ...image, digest }))),
    );
    const { stdout, stderr } = await run('kubectl', ['kustomize', join(folder, 'kubernetes/overlays/prod')]);
    expect(stderr).toBe('');
    const images = [...stdout.matchAll(/^\s*-? ?image: (\S+)$/gm)].map(([, image]) => image ?? '');
    expect(images.length).toBeGreaterThan(10);
    expect(images.filter((image) => !image.endsWith(`@${digest}`))).toEqual([]);
    await rm(folder, { recursive: true });
  });

  it('asks the registry by the OCI protocol, with the token it hands out', async () => {
    const server = createServer((request, response) => {
      const { port } = server.address() as AddressInfo;
      if (request.url?.startsWith('/token')) response.end(JSON.stringify({ token: 'anonymous' }));
      else if (request.headers.authorization !== 'Bearer anonymous') {
        const challenge = `Bearer realm="http://127.0.0.1:${port}/token",service="test",scope="repository:a/b:pull"`;
        response.writeHead(401, { 'www-authenticate': challenge }).end();
      } else if (request.url === '/v2/a/b/manifests/v1')
        response.writeHead(200, { 'docker-content-digest': digest }).end();
      else response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(digestOf({ name: `${registry}/a/b`, tag: 'v1' }, 'http')).resolves.toBe(digest);
    await expect(digestOf({ name: `${registry}/a/b`, tag: 'v2' }, 'http')).rejects.toThrow(/404/);
    await new Promise((resolve) => server.close(resolve));
  });

  it('has a version for every image, and never latest', () => {
    for (const { name, tag, digest } of lock.images) {
      expect(tag, name).toMatch(/\d/);
      if (digest) expect(digest).toMatch(/^sha256:[a-f0-9]{64}$/);
    }
  });
});
