import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '@mlops/child-process';
import { needTool, suite } from '@mlops/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyManifest, type Chart, charts, helmArguments, helmValues, manifests } from '../charts.ts';
import { customResourceFiles } from '../crds.ts';
import {
  type Environment,
  environments,
  folders,
  type Manifest,
  readManifests,
  render,
  renderEnvironment,
  root,
} from '../manifests.ts';
import { mayReceive, places, type Workload } from './connectivity.ts';
import { type ControlPlane, eventually, exposeBinaries, startControlPlane } from './control-plane.ts';
import { brokenRules, type Rule } from './pod-rules.ts';
import { includes, operated } from './workloads.ts';

exposeBinaries();
/** Sources of the charts, each by its name in charts.lock.json (a folder, or a manifest NAME.yaml). Not kept here. */
const sources = process.env['MLOPS_CHARTS_DIR'];
const crds = process.env['MLOPS_CRDS_DIR'];

/**
 * What the charts leave no value for, by workload: exactly these rules are broken. Which probes there are is the charts'
 * own affair.
 */
const exceptions: Readonly<Record<string, Readonly<Record<string, readonly Rule[]>>>> = {
  // agents of the node, in the one namespace that is privileged
  'nvidia-device-plugin': {
    'DaemonSet nvidia-device-plugin': ['non-root', 'seccomp', 'read-only root', 'owner'],
    // runs on nodes labelled nvidia.com/mps.capable, of which there are none
    'DaemonSet nvidia-device-plugin-mps-control-daemon': [
      'non-root',
      'seccomp',
      'no privilege',
      'capabilities',
      'read-only root',
      'host namespaces',
      'owner',
    ],
  },
  'kube-prometheus-stack': {
    'DaemonSet kube-prometheus-stack-prometheus-node-exporter': [
      'seccomp',
      'no privilege',
      'capabilities',
      'host namespaces',
    ],
  },
  'nginx-gateway-fabric': { 'Job nginx-gateway-fabric-cert-generator': ['requests and limits', 'priority', 'owner'] },
  // binds 80 and 443
  'nginx-ingress': { 'Deployment nginx-ingress-controller': ['capabilities'] },
  // one replica, of which the chart knows no number; the default priority
  kserve: { 'Deployment kserve-controller-manager': ['disruption budget', 'priority'] },
  // the webhook's container has no volume for temporary files
  'flink-kubernetes-operator': { 'Deployment flink-kubernetes-operator': ['read-only root'] },
};

/** What the API server would ask the operators' pods about, which do not run here. */
const NEED_PODS = /WebhookConfiguration$|^APIService$/;

/** What the charts make of our values. */
async function renderChart(chart: Chart, environment: Environment): Promise<Manifest[]> {
  const args = ['template', chart.name, join(sources ?? '', chart.name), '--namespace', chart.namespace];
  const apis = ['monitoring.coreos.com/v1', 'gateway.networking.k8s.io/v1', 'cert-manager.io/v1'];
  // this schema refers to another that only the web has
  const schema = chart.name === 'nginx-ingress' ? ['--skip-schema-validation'] : [];
  const { code, stdout, stderr } = await run(needTool('helm'), [
    ...args,
    '--kube-version=1.35',
    ...apis.map((api) => `--api-versions=${api}`),
    ...(await helmValues(chart, environment)),
    ...schema,
    '--include-crds',
  ]);
  if (code !== 0) throw new Error(`${chart.name}: ${stderr.trim()}`);
  return readManifests(stdout);
}

type Caller = readonly [asker: string, from: 'api server' | 'prometheus', service: Manifest, port: number | string];

/** Who asks the pods of a chart, by which Service: the API server for webhooks and aggregated APIs, Prometheus for metrics. */
function callers(objects: readonly Manifest[], namespace: string): Caller[] {
  const services = objects.filter(({ kind }) => kind === 'Service');
  const named = (reference: { name: string; port?: number }) => {
    const service = services.find(({ metadata }) => metadata.name === reference.name);
    return service ? [[service, reference.port ?? 443] as const] : [];
  };
  return objects.flatMap((object): Caller[] => {
    const { kind, spec } = object;
    const references: { name: string; port?: number }[] = kind.endsWith('WebhookConfiguration')
      ? object['webhooks'].flatMap((one: any) => one.clientConfig.service ?? [])
      : kind === 'APIService'
        ? [spec.service]
        : kind === 'CustomResourceDefinition'
          ? [spec.conversion?.webhook?.clientConfig?.service].filter(Boolean)
          : [];
    const scraped =
      kind === 'ServiceMonitor'
        ? services
            .filter(({ metadata }) => includes(metadata.labels, spec.selector.matchLabels ?? {}))
            .flatMap((service) => spec.endpoints.map((one: any) => [service, one.port ?? one.targetPort] as const))
        : [];
    return [
      ...references.flatMap(named).map(([service, port]): Caller => [kind, 'api server', service, port]),
      ...scraped
        // what the API server itself, kubelets and other namespaces have is no pod of the chart
        .filter(([service]: readonly [Manifest, string]) => (service.metadata.namespace ?? namespace) === namespace)
        .map(([service, port]: readonly [Manifest, string]): Caller => [kind, 'prometheus', service, port]),
    ];
  });
}

/** The pods behind a Service's port, and the port on which they listen. */
function listeners(objects: readonly Manifest[], service: Manifest, wanted: number | string, namespace: string) {
  const port = (service.spec.ports as any[]).find((one) => one.port === wanted || one.name === wanted);
  const target = port?.targetPort ?? port?.port ?? wanted;
  return objects
    .filter(({ kind }) => ['Deployment', 'DaemonSet', 'StatefulSet'].includes(kind))
    .filter(({ spec }) => service.spec.selector && includes(spec.template.metadata.labels, service.spec.selector))
    .map(({ metadata, spec }) => {
      const ports = spec.template.spec.containers.flatMap((one: any) => one.ports ?? []);
      const pod: Workload = { name: metadata.name, namespace, labels: spec.template.metadata.labels };
      return { pod, port: Number(ports.find((one: any) => one.name === target)?.containerPort ?? target) };
    });
}

describe('Helm', () => {
  it('is told the locked version, the values of the environment, and to undo what fails', async () => {
    const chart = charts.find(({ name }) => name === 'cert-manager') as Chart;
    expect(await helmArguments(chart, 'dev')).toEqual([
      'upgrade',
      'cert-manager',
      'cert-manager',
      '--install',
      `--version=${chart.version}`,
      '--namespace=cert-manager',
      '--repo=https://charts.jetstack.io',
      `--values=${root}operators/charts/cert-manager.yaml`,
      '--take-ownership',
      '--server-side=true',
      '--force-conflicts',
      '--rollback-on-failure',
      '--wait',
      '--timeout=10m',
    ]);
    const karpenter = charts.find(({ name }) => name === 'karpenter') as Chart;
    expect(await helmValues(karpenter, 'staging')).toEqual([
      `--values=${root}operators/charts/karpenter.yaml`,
      '--set-string=settings.clusterName=mlops-staging',
      '--set-string=settings.interruptionQueue=mlops-staging-karpenter',
    ]);
    const ingress = charts.find(({ name }) => name === 'nginx-ingress') as Chart;
    expect(await helmValues(ingress, 'dev')).toEqual([
      `--values=${root}operators/charts/nginx-ingress.yaml`,
      `--values=${root}overlays/dev/charts/nginx-ingress.yaml`,
    ]);
  });

  it('installs Karpenter, and gives it its pools, before anything that needs a node of theirs', () => {
    // a cluster that stands by has system nodes alone, which take nothing but Karpenter
    const steps: readonly string[] = folders;
    const step = ({ after }: Chart) => (after === undefined ? steps.indexOf('operators') - 0.5 : steps.indexOf(after));
    const karpenter = charts.find(({ name }) => name === 'karpenter') as Chart;
    expect(step(karpenter)).toBeLessThan(steps.indexOf('nodes'));
    const early = charts.filter((chart) => chart !== karpenter && step(chart) < steps.indexOf('nodes'));
    expect(early).toEqual([]);
  });

  it('installs every chart at some step of the order', () => {
    const steps: readonly string[] = folders;
    expect(charts.filter(({ after }) => after !== undefined && !steps.includes(after))).toEqual([]);
  });
});

if (sources)
  suite("the operators' charts", {
    needs: ['helm', 'kube-apiserver', 'kubectl', ...(crds ? [] : ['MLOPS_CRDS_DIR'])],
  }, () => {
    describe.each(charts)('$name', (chart) => {
      it.each(environments)(
        'takes our values in %s, and its pods keep the rules but for the exceptions',
        { timeout: 60_000 },
        async (environment) => {
          const objects = [...(await renderChart(chart, environment)), ...(await render('operators'))];
          const found: Record<string, Rule[]> = {};
          for (const { kind, metadata, spec } of objects) {
            if (!['Deployment', 'DaemonSet', 'StatefulSet', 'Job'].includes(kind)) continue;
            const { template } = spec;
            const labels = template.metadata?.labels ?? {};
            const kept = objects.some(
              (one) => one.kind === 'PodDisruptionBudget' && includes(labels, one.spec.selector.matchLabels),
            );
            const own = template.spec.securityContext ?? {};
            const [first] = template.spec.containers as { securityContext?: object }[];
            const pod = {
              kind,
              name: metadata.name,
              namespace: chart.namespace,
              labels,
              // what the pod does not say for all, its containers may say
              spec: { ...template.spec, securityContext: { ...first?.securityContext, ...own } },
              containers: template.spec.containers,
            };
            // one alone has nothing to be spread, and a budget would only hold up its node
            const alone = kind === 'DaemonSet' || kind === 'Job' || spec.replicas === 1;
            const rules = brokenRules(pod, kept || alone).filter(
              (rule) => rule !== 'probes' && !(rule === 'zones' && alone),
            );
            if (rules.length > 0) found[`${kind} ${metadata.name}`] = rules;
          }
          expect(found).toEqual(exceptions[chart.name] ?? {});
        },
      );
    });

    it('are called where their webhooks listen, and scraped where their metrics are', {
      timeout: 180_000,
    }, async () => {
      const ours = [...(await renderEnvironment('prod')).values()].flat();
      const namespaces = ours.filter(({ kind }) => kind === 'Namespace');
      const network = {
        policies: ours.filter(({ kind }) => kind === 'NetworkPolicy'),
        namespaces: new Map(namespaces.map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
      };
      const prometheus = operated.find(({ name }) => name === 'prometheus') as Workload;
      const called: string[] = [];
      const closed: string[] = [];
      for (const chart of charts.filter(({ namespace }) =>
        namespaces.some(({ metadata }) => metadata.name === namespace),
      )) {
        const objects = await renderChart(chart, 'prod');
        for (const [asker, from, service, wanted] of callers(objects, chart.namespace)) {
          for (const { pod, port } of listeners(objects, service, wanted, chart.namespace)) {
            const call = `${asker} ${chart.name} ${pod.name}:${port}`;
            called.push(call);
            if (!mayReceive(network, pod, from === 'api server' ? places.vpc : prometheus, port)) closed.push(call);
          }
        }
      }
      expect(closed).toEqual([]);
      expect(called.length).toBeGreaterThan(15);
    });

    describe('on a real API server', () => {
      let cluster: ControlPlane;

      beforeAll(async () => {
        cluster = await startControlPlane();
        const files = (await customResourceFiles(crds ?? '')).flatMap((path) => ['-f', path]);
        await cluster.get(['apply', '--server-side', ...files]);
        await cluster.get(['wait', '--for=condition=Established', '--timeout=120s', ...files]);
        for (const folder of ['namespaces', 'policies']) await cluster.get(['apply', '-k', `${root}${folder}`]);
        await cluster.startControllers();
      }, 240_000);

      afterAll(() => cluster.stop());

      it('are installed by the arguments that Helm is given, and again', { timeout: 120_000 }, async () => {
        const folder = await mkdtemp(join(tmpdir(), 'mlops-chart-'));
        await mkdir(join(folder, 'templates'));
        await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: sample\nversion: 1.2.3\n');
        const map =
          'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: sample }\ndata: { of: "{{ .Chart.Version }}" }\n';
        await writeFile(join(folder, 'templates/map.yaml'), map);
        const chart = { name: 'sample', namespace: 'operators', chart: folder, version: '1.2.3' };
        for (const revision of ['1', '2']) {
          const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
          const { code, stdout, stderr } = await run(needTool('helm'), await helmArguments(chart, 'dev'), { env });
          expect([code, stderr]).toEqual([0, '']);
          expect(stdout).toContain(`REVISION: ${revision}`);
        }
        const made = ['get', 'configmap', 'sample', '-n', 'operators', '-o', 'jsonpath={.data.of}'];
        expect(await cluster.get(made)).toBe('1.2.3');
        await rm(folder, { recursive: true });
      });

      it('get their pods past Pod Security, quotas and policies', { timeout: 300_000 }, async () => {
        for (const chart of charts) {
          await cluster.get(['config', 'set-context', '--current', `--namespace=${chart.namespace}`]);
          const objects = (await renderChart(chart, 'prod')).filter(({ kind }) => !NEED_PODS.test(kind));
          const isDefinition = ({ kind }: Manifest) => kind === 'CustomResourceDefinition';
          for (const part of [objects.filter(isDefinition), objects.filter((one) => !isDefinition(one))]) {
            const text = part.map((object) => JSON.stringify(object)).join('\n---\n');
            if (text) await cluster.get(['apply', '--server-side', '--force-conflicts', '-f', '-'], text);
          }
        }
        for (const manifest of manifests) {
          const env = { ...process.env, KUBECONFIG: cluster.kubeconfig };
          await applyManifest(manifest, await readFile(join(sources, `${manifest.name}.yaml`)), env);
        }
        const deployments = async () =>
          (JSON.parse(await cluster.get(['get', 'deployments', '-A', '-o', 'json'])) as { items: Manifest[] }).items;
        await eventually(async () =>
          (await deployments()).every(({ spec, status }) => (status?.replicas ?? 0) >= spec.replicas),
        ).catch(() => {});
        const events = JSON.parse(await cluster.get(['get', 'events', '-A', '-o', 'json'])) as { items: Manifest[] };
        expect(events.items.filter(({ reason }) => reason === 'FailedCreate').map(({ message }) => message)).toEqual(
          [],
        );
        expect((await deployments()).length).toBeGreaterThan(12);
        for (const { metadata, spec, status } of await deployments())
          expect([metadata.name, status.replicas]).toEqual([metadata.name, spec.replicas]);
      });
    });
  });
