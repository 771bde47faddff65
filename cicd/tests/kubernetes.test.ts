import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '@mlops/child-process';
import { type Started, startProgram, suite } from '@mlops/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { customResourceFiles } from '../../kubernetes/crds.ts';
import { folders } from '../../kubernetes/manifests.ts';
import {
  binariesFolder,
  type ControlPlane,
  eventually,
  exposeBinaries,
  startControlPlane,
} from '../../kubernetes/tests/control-plane.ts';
import { compare } from '../kubernetes/compare.ts';
import { runJob } from './workflow-runner.ts';

exposeBinaries();
const crds = process.env['MLOPS_CRDS_DIR'];
const needs = ['kube-apiserver', 'kube-controller-manager', 'etcd', 'openssl', 'curl', 'kubectl', 'diff'];
const root = join(import.meta.dirname, '../..');
const minutes = 60_000;

suite('what a pull request changes', { needs: ['kubectl', 'git', 'diff', 'tar'] }, () => {
  it('is nothing where nothing was changed, by the steps of its workflow', { timeout: 2 * minutes }, async () => {
    const { stdout } = await run('git', ['status', '--porcelain', 'kubernetes'], { cwd: root });
    const { steps } = await runJob('k8s-deploy.yml', 'compare', {
      contexts: {
        matrix: { environment: 'dev' },
        github: { token: 'token', event: { number: 7, pull_request: { base: { sha: 'HEAD' } } } },
      },
      env: {},
      instead: { 'actions/checkout': '', Comment: 'cat report.md' },
    });
    expect(steps.map(({ outcome }) => outcome)).toEqual(['success', 'success', 'success', 'success']);
    if (stdout === '') expect(steps.at(-1)?.output.trim()).toBe('## Kubernetes, dev: no object changes');
  });

  it('is told object by object', { timeout: minutes }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mlops-compare-test-'));
    try {
      const overlay = join(folder, 'kubernetes/overlays/dev');
      await mkdir(overlay, { recursive: true });
      const git = (...args: string[]) =>
        run('git', ['-c', 'user.name=x', '-c', 'user.email=x@x', ...args], { cwd: folder });
      const write = (...names: string[]) =>
        writeFile(
          join(overlay, 'maps.yaml'),
          names
            .map((name) =>
              JSON.stringify({
                apiVersion: 'v1',
                kind: 'ConfigMap',
                metadata: { name, namespace: 'mlops' },
                data: { of: String(names.length) },
              }),
            )
            .join('\n---\n'),
        );
      await writeFile(join(overlay, 'kustomization.yaml'), 'resources: [maps.yaml]\n');
      await write('kept', 'left', 'out');
      await git('init', '--quiet');
      await git('add', '.');
      await git('commit', '--quiet', '--message=base');
      await write('kept', 'new');
      const found = await compare(folder, 'dev', 'HEAD');
      expect(found).toMatchObject({
        added: ['ConfigMap mlops/new'],
        removed: ['ConfigMap mlops/left', 'ConfigMap mlops/out'],
        changed: ['ConfigMap mlops/kept'],
      });
      expect(found.text).toContain('--- ConfigMap mlops/kept\n+++ ConfigMap mlops/kept\n');
      expect(found.text).toContain('-  of: "3"\n+  of: "2"\n');
      await expect(compare(folder, 'dev', '--output=/tmp/x')).rejects.toThrow('is no commit');
      await expect(compare(folder, 'dev', 'nowhere')).rejects.toThrow('git archive');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

suite("the cluster's steps on a real API server", { needs: crds ? needs : [...needs, 'MLOPS_CRDS_DIR'] }, () => {
  let cluster: ControlPlane;
  let platform: Started;
  let folder: string;

  const env = () => ({
    KUBECONFIG: cluster.kubeconfig,
    PATH: `${binariesFolder()}${delimiter}${process.env['PATH'] ?? ''}`,
    MLOPS_URL: platform.url,
  });
  const step = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(root, 'cicd/kubernetes.ts'), ...args], {
      env: { ...process.env, ...env() },
    });
    return { code, said: `${stdout}${stderr}` };
  };
  const local = (url: string) => ({
    contexts: {
      inputs: { environment: 'dev' },
      vars: { AWS_APPLY_ROLE: 'role', AWS_REGION: 'us-east-1' },
    },
    env: { ...env(), MLOPS_URL: url },
    instead: {
      'actions/checkout': '',
      'aws-actions/configure-aws-credentials': '',
      'Install Helm': '',
      'Reach the cluster': '',
      // no charts without the internet, and nothing runs without nodes
      'Apply, and wait':
        'node scripts/run.mjs kubernetes/apply.ts "$ENVIRONMENT" --without-charts --without-crds --no-wait',
      'Ask whether it works': 'node scripts/run.mjs cicd/smoke.ts "$ENVIRONMENT" --seconds 2',
    },
  });
  const image = () =>
    cluster.get([
      'get',
      'deployment',
      'platform-api',
      '--namespace=mlops',
      '--output=jsonpath={.spec.template.spec.containers[0].image}',
    ]);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlops-k8s-'));
    platform = await startProgram(join(root, 'platform-api/src/main.ts'), [
      '--port',
      '0',
      '--data',
      join(folder, 'data'),
      '--empty',
    ]);
    cluster = await startControlPlane();
    const files = (await customResourceFiles(crds ?? '')).flatMap((path) => ['-f', path]);
    await cluster.get(['apply', '--server-side', '--field-manager=mlops-apply', ...files]);
    await cluster.get(['wait', '--for=condition=Established', '--timeout=120s', ...files]);
    await cluster.startControllers();
  }, 5 * minutes);

  afterAll(async () => {
    await cluster.stop();
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  it('renders a file for each folder, in order', { timeout: 2 * minutes }, async () => {
    const place = join(folder, 'rendered');
    expect(await step('render', 'dev', place)).toMatchObject({ code: 0 });
    expect((await readdir(place)).map((file) => file.slice(3).replace('.yaml', ''))).toEqual([...folders]);
  });

  it('shows an empty cluster all that would come, and changes nothing', { timeout: 3 * minutes }, async () => {
    const { code, said } = await step('diff', 'dev');
    expect(code).toBe(0);
    expect(said).toContain('- `+ Deployment mlops/platform-api`');
    expect(said).toMatch(/^\+kind: Namespace$/m);
    expect(await cluster.get(['get', 'namespaces', '--output=name'])).not.toContain('namespace/mlops');
  });

  it('applies, asks whether it works, and shows no difference afterwards', { timeout: 6 * minutes }, async () => {
    const { steps } = await runJob('k8s-environment.yml', 'apply', local(platform.url));
    const problems = steps.filter(({ outcome }) => outcome === 'failure');
    expect(problems).toEqual([]);
    expect(steps.find(({ name }) => name === 'Undo')?.outcome).toBe('skipped');
    expect(await image()).toContain('mlops/platform-api:');
    expect(await step('diff', 'dev')).toEqual({ code: 0, said: '## The cluster of dev: no difference\n\n' });
  });

  it('takes back what does not work, and only that', { timeout: 6 * minutes }, async () => {
    // what ran before: pods of another image than the manifests have
    await eventually(
      async () =>
        (await cluster.get([
          'get',
          'deployment',
          'platform-api',
          '--namespace=mlops',
          '--output=jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}',
        ])) === '1',
    );
    const before = '123456789012.dkr.ecr.us-east-1.amazonaws.com/mlops/platform-api:0.0.9';
    await cluster.get(['set', 'image', 'deployment/platform-api', '--namespace=mlops', `platform-api=${before}`]);
    await eventually(
      async () =>
        (await cluster.get([
          'get',
          'deployment',
          'platform-api',
          '--namespace=mlops',
          '--output=jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}',
        ])) === '2',
    );
    expect((await step('diff', 'dev')).said).toContain(`-        image: ${before}`);
    const job = local('http://127.0.0.1:9');
    const { steps, summary } = await runJob('k8s-environment.yml', 'apply', {
      ...job,
      instead: {
        ...job.instead,
        Undo: 'node scripts/run.mjs cicd/kubernetes.ts undo "$ENVIRONMENT" workloads.json --seconds 0',
      },
    });
    const of = (name: string) => steps.find((one) => one.name === name);
    expect(of('Apply, and wait')?.outcome).toBe('success');
    expect(of('Ask whether it works')).toMatchObject({
      outcome: 'failure',
      output: expect.stringContaining('is not ready'),
    });
    expect(of('Undo')).toMatchObject({
      outcome: 'success',
      output: 'Deployment mlops/platform-api is back at revision 2\n',
    });
    expect(await image()).toBe(before);
    expect(summary).toContain('differences in platform-api');
  });
});
