import { readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customResourceFiles } from '../crds.ts';
import { folders, type Manifest, readManifests, render, renderEnvironment, root } from '../manifests.ts';
import { waitFor } from '../wait.ts';
import { binariesFolder, type ControlPlane, eventually, exposeBinaries, startControlPlane } from './control-plane.ts';
import { deployment } from './deployment.ts';
import { kuttlCases, runKuttlCase } from './kuttl.ts';
import { name, read, stable } from './live-objects.ts';
import { parts, questions, subjects } from './rbac.ts';
import { refusals } from './refusals.ts';
import { drillOf, onlyHere, restored } from './restore.ts';
import { missing } from './subset.ts';

exposeBinaries();
const crds = process.env['MLOPS_CRDS_DIR'];
const needs = ['kube-apiserver', 'kube-controller-manager', 'etcd', 'openssl', 'curl', 'kubectl'];

suite('a real API server', { needs: crds ? needs : [...needs, 'MLOPS_CRDS_DIR'] }, () => {
  /** etcd's data with all CRDs in it: each environment starts from a copy, as a cluster of its own. */
  let frozen: string;
  let base: ControlPlane;
  const running: ControlPlane[] = [];

  beforeAll(async () => {
    base = await startControlPlane();
    const files = (await customResourceFiles(crds ?? '')).flatMap((path) => ['-f', path]);
    await base.get(['apply', '--server-side', '--field-manager=mlops-apply', ...files]);
    await base.get(['wait', '--for=condition=Established', '--timeout=120s', ...files]);
    frozen = await base.freeze();
  }, 240_000);

  afterAll(async () => {
    await Promise.all([base, ...running].map((cluster) => cluster.stop()));
  });

  async function cluster(): Promise<ControlPlane> {
    const started = await startControlPlane(frozen);
    running.push(started);
    await started.startControllers();
    return started;
  }

  const stop = async (one: ControlPlane) => {
    running.splice(running.indexOf(one), 1);
    await one.stop();
  };

  const environmentOf = ({ kubeconfig }: Pick<ControlPlane, 'kubeconfig'>) => ({
    ...process.env,
    KUBECONFIG: kubeconfig,
    PATH: `${binariesFolder()}${delimiter}${process.env['PATH'] ?? ''}`,
  });

  /** The program that people and CI/CD run, as they run it. */
  const program = (target: Pick<ControlPlane, 'kubeconfig'>, ...args: string[]) =>
    run(process.execPath, [join(root, 'apply.ts'), ...args], { env: environmentOf(target) });

  const apply = (target: Pick<ControlPlane, 'kubeconfig'>, environment: string, ...flags: string[]) =>
    program(target, environment, '--without-charts', '--no-wait', '--warnings-as-errors', ...flags);

  describe.each(['dev', 'staging'] as const)('%s', (environment) => {
    it('is admitted, read back, and a second application changes nothing', { timeout: 240_000 }, async () => {
      const target = await cluster();
      await expectApplied(target, environment, ['--without-crds']);
      await stop(target);
    });
  });

  async function expectApplied(target: ControlPlane, environment: 'dev' | 'staging' | 'prod', flags: string[]) {
    const first = await apply(target, environment, ...flags);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    const objects = [...(await renderEnvironment(environment)).values()].flat();
    const before = await read(target, objects);
    expect(
      before.flatMap((live, index) => missing(objects[index], live).map((reason) => `${name(live)} ${reason}`)),
    ).toEqual([]);
    const second = await apply(target, environment, ...flags);
    expect(second.stderr).toBe('');
    expect((await read(target, objects)).map(stable)).toEqual(before.map(stable));
  }

  it("takes the seed's `kubectl apply -f <folder>/` in its order, and the other folders", {
    timeout: 240_000,
  }, async () => {
    const target = await cluster();
    const seed = ['namespaces', 'storage', 'mlflow', 'feast', 'kserve', 'monitoring', 'ingress'];
    const others = folders.filter((folder) => !seed.includes(folder));
    for (const folder of [...seed, ...others, 'kserve/samples', 'ingress/gateway-api']) {
      await target.get(['apply', '-f', `${root}${folder}/`]);
      const there = await read(target, await render(folder));
      expect(there.length).toBeGreaterThan(0);
    }
    await stop(target);
  });

  it("takes the seed's `kubectl apply -k overlays/<environment>`", { timeout: 120_000 }, async () => {
    const target = await cluster();
    await target.get(['apply', '-k', `${root}overlays/dev`]);
    const objects = [...(await renderEnvironment('dev')).values()].flat();
    expect(await read(target, objects)).toHaveLength(objects.length);
    await stop(target);
  });

  it("takes the seed's `kubectl apply -f k8s/deployment.yaml` where nothing of ours is, and nobody is trusted", {
    timeout: 120_000,
  }, async () => {
    const target = await cluster();
    const level = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
    await target.get(['label', 'namespace', 'default', ...level]);
    await target.get(['apply', '--warnings-as-errors', '-f', join(root, '../platform-api/k8s/deployment.yaml')]);
    const pods = () => target.get(['get', 'pods', '--output=name']);
    await eventually(async () => (await pods()) !== '');
    expect(await pods()).toMatch(/^pod\/mlops-api-/);
    await stop(target);
  });

  describe('prod', () => {
    let target: ControlPlane;

    beforeAll(async () => {
      target = await cluster();
    }, 60_000);

    it('is admitted with its CRDs, read back, and a second application changes nothing', {
      timeout: 300_000,
    }, async () => {
      await expectApplied(target, 'prod', ['--crds', crds ?? '']);
    });

    it('says how it is called, and what failed where there is no server', { timeout: 60_000 }, async () => {
      const lost = { kubeconfig: '/dev/null' };
      for (const args of [[], ['production'], ['prod', 'dev'], ['prod', '--timeout', 'soon']]) {
        const { code, stderr } = await program(lost, ...args);
        expect(stderr).toMatch(/^usage: node apply\.ts dev\|staging\|prod/);
        expect(code).toBe(2);
      }
      const { code, stderr } = await apply(lost, 'prod', '--without-crds');
      expect(code).toBe(1);
      expect(stderr).toMatch(/^namespaces failed:\n.*(refused|no configuration|server)/s);
    });

    it('names the file, the object and the reason of what is refused', { timeout: 120_000 }, async () => {
      const policy = {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'no-mlflow' },
        spec: {
          matchConstraints: {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mlflow' } },
            resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['services'] }],
          },
          validations: [{ expression: 'false', message: 'not today' }],
        },
      };
      const binding = {
        ...policy,
        kind: 'ValidatingAdmissionPolicyBinding',
        spec: { policyName: 'no-mlflow', validationActions: ['Deny'] },
      };
      const both = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [policy, binding] });
      await target.get(['apply', '-f', '-'], both);
      const service = ['create', 'service', 'clusterip', 'any', '--tcp=80', '-n', 'mlflow', '--dry-run=server'];
      await eventually(async () => (await target.kubectl(service)).code !== 0);
      const { code, stderr } = await apply(target, 'prod', '--without-crds');
      await target.get(['delete', '-f', '-'], both);
      expect(stderr).toMatch(/^mlflow failed:\nmlflow\/20-server\.yaml: Service mlflow\/mlflow: .*not today/);
      expect(code).toBe(1);
    });

    it('waits for what it has applied, and ends when it does not become ready', { timeout: 120_000 }, async () => {
      const { code, stdout, stderr } = await program(
        target,
        'prod',
        '--without-crds',
        '--without-charts',
        '--timeout=2',
      );
      expect(stdout).toMatch(/^Namespace mlops is ready$/m);
      // no operator runs here that would issue it
      expect(stderr).toMatch(/^Certificate cert-manager\/cluster-ca did not become ready:\n.*timed out/);
      expect(code).toBe(1);
    });

    it('gets the pods of every workload, so Pod Security, quotas and policies admit them', {
      timeout: 120_000,
    }, async () => {
      const objects = [...(await renderEnvironment('prod')).values()].flat();
      const workloads = objects.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
      expect(workloads.length).toBeGreaterThan(5);
      for (const { kind, metadata } of workloads) {
        const selector = `app.kubernetes.io/name=${metadata.labels?.['app.kubernetes.io/name'] ?? ''}`;
        let seen = '';
        await eventually(async () => {
          seen = await target.get(['get', 'pods', '-n', metadata.namespace ?? '', '-l', selector, '-o', 'name']);
          return seen !== '';
        }).catch(() => {});
        expect(seen, `${kind} ${metadata.name} made no pod`).not.toBe('');
      }
      const events = JSON.parse(await target.get(['get', 'events', '-A', '-o', 'json'])) as { items: Manifest[] };
      expect(events.items.filter(({ reason }) => reason === 'FailedCreate').map(({ message }) => message)).toEqual([]);
    });

    it('admits a pod of the materialisation and of the restore drill', { timeout: 60_000 }, async () => {
      for (const [job, namespace] of [
        ['feast-materialise', 'feast'],
        ['restore-drill', 'velero'],
      ] as const) {
        await target.get(['create', 'job', 'now', `--from=cronjob/${job}`, '-n', namespace]);
        await eventually(
          async () => (await target.get(['get', 'pods', '-n', namespace, '-l', 'job-name=now', '-o', 'name'])) !== '',
        );
        expect(await target.get(['get', 'pods', '-n', namespace, '-l', 'job-name=now', '-o', 'name'])).toMatch(
          /^pod\/now-/,
        );
      }
    });

    it('takes what the restore drill restores, and starts nothing of it', { timeout: 180_000 }, async () => {
      const objects = [...(await renderEnvironment('prod')).values()].flat();
      const find = (kind: string, name: string) =>
        objects.find((one) => one.kind === kind && one.metadata.name === name) as Manifest;
      const drill = drillOf(find('CronJob', 'restore-drill'), find('Schedule', 'teams-hourly'));
      const { from, to } = drill;
      for (const one of onlyHere(from)) await target.get(['apply', '-f', '-'], JSON.stringify(one));
      const [space, ...inside] = await restored(target, drill);
      expect(inside.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['ConfigMap', 'PersistentVolumeClaim', 'NetworkPolicy', 'ResourceQuota', 'RoleBinding']),
      );
      for (const part of [[space], inside]) {
        const text = part.map((object) => JSON.stringify(object)).join('\n---\n');
        await target.get(['apply', '--server-side', '--validate=strict', '-f', '-'], text);
      }
      // as closed and as limited as the one that it came from, and nothing runs
      const level = [
        'get',
        'namespace',
        to,
        '-o',
        'jsonpath={.metadata.labels.pod-security\\.kubernetes\\.io/enforce}',
      ];
      expect(await target.get(level)).toBe('restricted');
      expect(await target.get(['get', 'networkpolicy', 'default-deny', '-n', to, '-o', 'name'])).toContain(
        'default-deny',
      );
      expect(await target.get(['get', 'pods,deployments,jobs,cronjobs', '-n', to, '-o', 'name'])).toBe('');
      await target.get(['delete', 'namespace', to, '--wait=false']);
    });

    it('says why a workload does not run', { timeout: 120_000 }, async () => {
      const refused = deployment('refused', { privileged: true });
      const pending = deployment('pending', { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } });
      const options = { log: () => {}, seconds: 3, env: environmentOf(target) };
      for (const object of [refused, pending]) await target.get(['apply', '-f', '-'], JSON.stringify(object));
      await expect(waitFor([refused], options)).rejects.toThrow(
        /^Deployment mlops\/refused did not become ready:[^]*ReplicaFailure=True FailedCreate: .*violates PodSecurity/,
      );
      await expect(waitFor([pending], options)).rejects.toThrow(
        /^Deployment mlops\/pending did not become ready:[^]*pod pending-[-a-z0-9]+: Pending/,
      );
      await target.get(['delete', 'deployment', 'refused', 'pending', '-n', 'mlops']);
    });

    it('type-checks every policy without a warning', { timeout: 60_000 }, async () => {
      const policies = async () =>
        (JSON.parse(await target.get(['get', 'validatingadmissionpolicies', '-o', 'json'])) as { items: Manifest[] })
          .items;
      await eventually(async () =>
        (await policies()).every(
          ({ status, metadata }) => status?.observedGeneration === (metadata as { generation?: number }).generation,
        ),
      );
      expect(
        (await policies()).map(({ metadata, status }) => [
          metadata.name,
          status.typeChecking?.expressionWarnings ?? [],
        ]),
      ).toEqual((await policies()).map(({ metadata }) => [metadata.name, []]));
    });

    it('has an admitted and a refused example of every policy', { timeout: 120_000 }, async () => {
      const fixtures = join(root, 'tests/fixtures/policies');
      const objects = [...(await renderEnvironment('prod')).values()].flat();
      const names = objects
        .filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')
        .map(({ metadata }) => metadata.name);
      expect((await readdir(fixtures)).sort()).toEqual(names.sort());
      for (const policy of names) {
        const admitted = await target.kubectl([
          'apply',
          '--dry-run=server',
          '-f',
          join(fixtures, policy, 'admitted.yaml'),
        ]);
        expect(admitted.code, `${policy}: ${admitted.stderr}`).toBe(0);
        const refused = await target.kubectl([
          'apply',
          '--dry-run=server',
          '-f',
          join(fixtures, policy, 'refused.yaml'),
        ]);
        expect(refused.code, policy).not.toBe(0);
        expect(refused.stderr).toContain(`ValidatingAdmissionPolicy '${policy}'`);
      }
    });

    it.each(refusals)('refuses: $rule', async ({ manifest, words }) => {
      const { code, stderr } = await target.kubectl(
        ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
        JSON.stringify(manifest),
      );
      expect(stderr).toMatch(words);
      expect(code).not.toBe(0);
    });

    it('caps how many models a team has', { timeout: 60_000 }, async () => {
      const patch = '{"spec":{"hard":{"count/inferenceservices.serving.kserve.io":"0"}}}';
      await target.get(['patch', 'resourcequota', 'team-quota', '-n', 'team-payments', '--type=merge', '-p', patch]);
      const [sample] = readManifests(await readFile(join(root, 'kserve/samples/flight-delays.yaml'), 'utf8'));
      const model = {
        ...sample,
        metadata: { ...sample?.metadata, namespace: 'team-payments', labels: { team: 'payments', 'cost-center': 'x' } },
      };
      await eventually(async () =>
        (
          await target.get([
            'get',
            'resourcequota',
            'team-quota',
            '-n',
            'team-payments',
            '-o',
            'jsonpath={.status.hard}',
          ])
        ).includes('"count/inferenceservices.serving.kserve.io":"0"'),
      );
      const { stderr } = await target.kubectl(['create', '-f', '-'], JSON.stringify(model));
      expect(stderr).toMatch(/exceeded quota: team-quota.*inferenceservices/);
    });

    it('gives each role what the table says and nothing else', { timeout: 300_000 }, async () => {
      // one call for all: a list of reviews is answered in its order
      const items = questions.map(({ subject, resource, verb, namespace }) => ({
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: { ...subjects[subject], resourceAttributes: { namespace, verb, ...parts(resource) } },
      }));
      const list = { apiVersion: 'v1', kind: 'List', items };
      const output = ['-o', 'jsonpath={.status.allowed}{"\\n"}'];
      const answers = (await target.get(['create', '-f', '-', ...output], JSON.stringify(list))).trim().split('\n');
      expect(answers).toHaveLength(questions.length);
      const wrong = questions.filter(({ allowed }, index) => answers[index] !== String(allowed));
      expect(wrong).toEqual([]);
    });

    it("answers kubectl's own question the same, of each role one that is allowed and one that is refused", {
      timeout: 120_000,
    }, async () => {
      for (const [subject, { user, groups }] of Object.entries(subjects)) {
        const own = questions.filter((one) => one.subject === subject && one.resource !== '*');
        const examples = [own.find(({ allowed }) => allowed), own.find(({ allowed }) => !allowed)];
        // who is nobody special is allowed nothing
        expect([subject, examples[0] === undefined]).toEqual([
          subject,
          ['stranger', 'platform', 'workload'].includes(subject),
        ]);
        for (const example of examples) {
          if (!example) continue;
          const { verb, resource, namespace, allowed } = example;
          const { resource: type, group, subresource } = parts(resource);
          const flags = [`--as=${user}`, ...groups.map((group) => `--as-group=${group}`)];
          if (subresource) flags.push(`--subresource=${subresource}`);
          flags.push(namespace ? `--namespace=${namespace}` : '--all-namespaces');
          const asked = ['auth', 'can-i', verb, group ? `${type}.${group}` : type, ...flags];
          const { stdout, code } = await target.kubectl(asked);
          expect([subject, verb, resource, stdout.trim(), code]).toEqual(
            allowed ? [subject, verb, resource, 'yes', 0] : [subject, verb, resource, 'no', 1],
          );
        }
      }
    });

    it('passes the tests in kuttl format', { timeout: 240_000 }, async () => {
      const cases = await kuttlCases();
      expect(cases).not.toHaveLength(0);
      for (const one of cases) await runKuttlCase(one, target);
    });
  });
});
