import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '@mlops/child-process';
import { programs, settings } from '@mlops/configuration';
import { suite } from '@mlops/testing';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parts } from '../apply.ts';
import { environments, type Manifest, readManifests, render, renderEnvironment } from '../manifests.ts';
import { brokenRules } from './pod-rules.ts';

const settingsSchema = Type.Object(settings, { additionalProperties: false });

const deployed = async (environment: (typeof environments)[number]) => {
  const objects = (await renderEnvironment(environment)).get('platform-api') ?? [];
  const find = (kind: string) =>
    objects.find((object) => object.kind === kind && object.metadata.name === 'platform-api') as Manifest;
  const { 'mlops.yaml': text, artifacts, 'allowed-hosts': hosts } = find('ConfigMap')['data'] as Record<string, string>;
  const file = parse(text ?? '') as Record<string, unknown>;
  return {
    objects,
    file,
    /** What the platform makes of its file and of the variables that come from the same map. */
    settings: { ...file, artifacts, 'allowed-hosts': hosts?.split(',') } as Record<string, unknown>,
    pod: find('Deployment').spec.template.spec,
  };
};

suite('the platform in a cluster', { needs: ['kubectl'] }, () => {
  describe.each(environments)('%s', (environment) => {
    it('has settings that the platform knows, with values it takes', async () => {
      const { file, settings: all, pod } = await deployed(environment);
      expect(Object.keys(file).filter((key) => !(programs.platform as readonly string[]).includes(key))).toEqual([]);
      expect([...Value.Errors(settingsSchema, Value.Default(settingsSchema, { ...all }))]).toEqual([]);
      const variables = (pod.containers[0].env as { name: string }[])
        .map(({ name }) => name)
        .filter((name) => name.startsWith('MLOPS_'));
      const keys = variables.map((name) => name.slice('MLOPS_'.length).toLowerCase().replaceAll('_', '-'));
      expect(keys).toEqual(['database', 'artifacts', 'allowed-hosts']);
      expect(keys.filter((key) => !(key in settings))).toEqual([]);
    });

    it('listens where its service sends to, and may be called by every host of the edge', async () => {
      const { settings: all, file, objects, pod } = await deployed(environment);
      const service = objects.find(({ kind }) => kind === 'Service');
      expect(pod.containers[0].ports[0].containerPort).toBe(file['port']);
      expect(service?.spec.ports[0].port).toBe(file['port']);
      const edge = ((await renderEnvironment(environment)).get('ingress') ?? []).filter(
        ({ kind, metadata }) => kind === 'VirtualServer' && metadata.namespace === 'mlops',
      );
      for (const { spec } of edge) expect(all['allowed-hosts']).toContain(spec.host);
    });

    it('keeps nothing in the pod, and points the tracking seat at the MLflow server', async () => {
      const { settings: all } = await deployed(environment);
      expect(all).toMatchObject({
        empty: true,
        artifacts: expect.stringMatching(/^s3:/),
        'tracking-url': expect.stringContaining('mlflow.mlflow.svc'),
      });
      // MLflow refuses a Host header it was not told of
      const map = ((await renderEnvironment(environment)).get('mlflow') ?? []).find(
        ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'mlflow',
      );
      expect(map?.['data']['allowed-hosts'].split(',')).toContain(new URL(String(all['tracking-url'])).host);
    });

    it('is signed in to at the edge for as long as it takes anybody itself', async () => {
      const { file } = await deployed(environment);
      expect(file['identity']).toBe('anonymous');
      const edge = ((await renderEnvironment(environment)).get('ingress') ?? []).filter(
        ({ kind, metadata }) => kind === 'VirtualServer' && metadata.namespace === 'mlops',
      );
      expect(edge.length).toBeGreaterThan(3);
      for (const { spec } of edge) expect(spec.policies).toContainEqual({ name: 'sign-in' });
    });
  });

  it('our own ONNX runtime is given flags that the inference engine has', async () => {
    const runtime = (await render('kserve')).find(({ metadata }) => metadata.name === 'mlops-onnx') as Manifest;
    const flags = (runtime.spec.containers[0].args as string[]).map((flag) => /^--([a-z-]+)=/.exec(flag)?.[1]);
    expect(flags.filter((flag) => !(programs.inference as readonly string[]).includes(flag ?? ''))).toEqual([]);
  });

  it('and its models are probed at paths that their routes have', async () => {
    const probes = (pod: Manifest['spec']) =>
      ['startupProbe', 'readinessProbe', 'livenessProbe'].map(
        (probe) => pod.containers[0][probe].httpGet.path as string,
      );
    const { pod } = await deployed('prod');
    const platform = await readFile(new URL('../../platform-api/src/pages.ts', import.meta.url), 'utf8');
    for (const path of probes(pod)) expect(platform).toContain(`'${path.split('?')[0]}'`);
    const runtime = (await render('kserve')).find(({ metadata }) => metadata.name === 'mlops-onnx') as Manifest;
    const inference = await readFile(new URL('../../engines/inference/src/operations.ts', import.meta.url), 'utf8');
    for (const path of probes(runtime.spec)) expect(inference).toContain(`'GET ${path}'`);
  });
});

describe('the migration of the platform', () => {
  const objects = async () => (await renderEnvironment('dev')).get('platform-api') ?? [];
  const find = async (kind: string) => (await objects()).find((object) => object.kind === kind) as Manifest;

  it('is that of the release that runs, by its image, its name and where tracking is', async () => {
    const [job, deployment, map] = [await find('Job'), await find('Deployment'), await find('ConfigMap')];
    const [container] = job.spec.template.spec.containers;
    expect(container.image).toBe(deployment.spec.template.spec.containers[0].image);
    const [, tag = ''] = /:([\d.]+)$/.exec(container.image) ?? [];
    expect(job.metadata.name).toBe(`platform-migrate-v${tag.replaceAll('.', '-')}`);
    const settings = parse(map['data']['mlops.yaml']) as Record<string, unknown>;
    expect(settings['migrate']).toBe(false);
    expect(container.env).toContainEqual({ name: 'MLOPS_TRACKING_URL', value: settings['tracking-url'] });
    await access(join(import.meta.dirname, '../..', container.command[1]));
  });

  it('is done before anything that runs is replaced, as all Jobs of a folder are', async () => {
    const [before = [], after = []] = parts(await objects());
    expect(before.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['ConfigMap', 'ExternalSecret', 'Job']));
    expect(after.map(({ kind }) => kind)).toEqual(['Deployment']);
    const without = (await objects()).filter(({ kind }) => kind !== 'Job');
    expect(parts(without)).toEqual([without]);
  });
});

describe('the platform by itself (platform-api/k8s)', () => {
  const repository = join(import.meta.dirname, '../..');
  let deployment: Manifest;
  let folder: string;
  let address: string;
  let stop: () => Promise<void>;
  const container = () => deployment.spec.template.spec.containers[0];

  beforeAll(async () => {
    const objects = readManifests(await readFile(join(repository, 'platform-api/k8s/deployment.yaml'), 'utf8'));
    deployment = objects.find(({ kind }) => kind === 'Deployment') as Manifest;
    folder = await mkdtemp(join(tmpdir(), 'mlops-alone-'));
    const given = (container().env as { name: string; value?: string }[]).filter(({ name }) =>
      name.startsWith('MLOPS_'),
    );
    const variables = given.map(({ name, value = '' }) => [name, value.replace('$(NAMESPACE)', 'default')] as const);
    const program = join(repository, 'platform-api/src/main.ts');
    const started = await startServer(process.execPath, [program, '--port=0'], /ready at (http:\S+?)[,\s(]/, {
      env: { ...process.env, ...Object.fromEntries(variables), MLOPS_DATA: folder },
    });
    address = started.line?.[1] ?? '';
    stop = started.stop;
  });

  afterAll(async () => {
    await stop();
    await rm(folder, { recursive: true });
  });

  const ask = (path: string, headers: Record<string, string> = {}) => fetch(`${address}${path}`, { headers });

  it('answers its probes by the address of its pod, which is none of its names', async () => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      const { path } = container()[probe].httpGet;
      expect([path, (await ask(path, { host: '10.0.20.30:8080' })).status]).toEqual([path, 200]);
    }
  });

  it('asks everybody for a token, and has one for its first administrator', async () => {
    expect((await ask('/api/v1/deployments')).status).toBe(401);
    const token = (await readFile(join(folder, 'admin-token'), 'utf8')).trim();
    const headers = { authorization: `Bearer ${token}`, host: 'mlops-api.default.svc.cluster.local:8080' };
    expect((await ask('/api/v1/deployments', headers)).status).toBe(200);
  });

  it('keeps what every pod keeps, but for what a cluster of ours has', () => {
    const { spec, metadata } = deployment.spec.template;
    const named = { kind: 'Deployment', name: 'mlops-api', namespace: 'default' };
    const pod = { ...named, labels: metadata.labels, spec, containers: spec.containers };
    expect(brokenRules(pod, false)).toEqual(['zones', 'disruption budget', 'priority', 'owner']);
  });
});
