import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { type Manifest, render, renderEnvironment } from '../manifests.ts';
import { brokenRules, type Pod, type Rule } from './pod-rules.ts';
import { includes, podTemplate } from './workloads.ts';

/** Every rule that a pod breaks, with its reason: exactly these. */
const exceptions: Readonly<Record<string, readonly Rule[]>> = {
  // its operator gives containers no security context, and its custom resource has no field for one, nor for a priority
  // (the default is mlops-standard) or for labels (the namespace has the owner's)
  'FeatureStore features': ['no privilege', 'capabilities', 'read-only root', 'priority', 'owner'],
  // done, not serving: nothing to probe, to spread or to protect
  'Job databases': ['probes', 'zones', 'disruption budget'],
  'Job mlflow-migrate': ['probes', 'zones', 'disruption budget'],
  'Job platform-migrate': ['probes', 'zones', 'disruption budget'],
  'CronJob feast-materialise': ['probes', 'zones', 'disruption budget'],
  'CronJob restore-drill': ['probes', 'zones', 'disruption budget'],
};

/** Rules that the operator keeps by itself in the containers that it makes, as its sources say. */
const keptByOperator: Readonly<Record<string, readonly Rule[]>> = {
  Prometheus: ['no privilege', 'capabilities', 'read-only root', 'probes'],
  Alertmanager: ['no privilege', 'capabilities', 'read-only root', 'probes'],
  FeatureStore: ['probes'],
};

/** Workloads that talk to the API server, and so mount a token. */
const withToken = [
  'StatefulSet alloy',
  'CronJob restore-drill',
  'FlinkDeployment airport-activity',
  'Prometheus mlops',
];

/** Paths that each image answers, as its project documents them. Our own are checked against our own routes. */
const probePaths: Readonly<Record<string, readonly string[]>> = {
  'mlops/platform-api': ['/healthz', '/readyz'],
  'mlops/inference': ['/v2/health/ready', '/v2/health/live'],
  'seldonio/mlserver': ['/v2/health/ready', '/v2/health/live'],
  'mlflow/mlflow': ['/health'],
  'grafana/grafana': ['/api/health'],
  'grafana/loki': ['/ready'],
  'grafana/alloy': ['/-/ready'],
  'prometheus/blackbox-exporter': ['/-/healthy'],
};

const label = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name.replace(/-v\d.*$/, '')}`;

suite('every pod', { needs: ['kubectl'] }, () => {
  let base: Manifest[];

  beforeAll(async () => {
    base = [...(await renderEnvironment('prod')).values()].flat();
  });

  const of = (...kinds: string[]) => base.filter(({ kind }) => kinds.includes(kind));

  const pods = () => base.flatMap((object) => podOf(object) ?? []);

  it('is non-root and confined, has a read-only root, limits, probes, zones, a budget, a priority and an owner, but for the exceptions', () => {
    const budgets = of('PodDisruptionBudget');
    const found = Object.fromEntries(
      pods().flatMap((pod) => {
        // the Feast operator makes the budget that its custom resource asks for
        const kept =
          pod.spec['podDisruptionBudgets'] !== undefined ||
          budgets.some(
            ({ metadata, spec }) =>
              metadata.namespace === pod.namespace && includes(pod.labels, spec.selector.matchLabels),
          );
        const broken = brokenRules(pod, kept).filter((rule) => !keptByOperator[pod.kind]?.includes(rule));
        return broken.length > 0 ? [[pod.name, broken]] : [];
      }),
    );
    expect(found).toEqual(exceptions);
    expect(pods().length).toBeGreaterThan(12);
  });

  it('of a model keeps the same rules: the runtime its container, the sample its pod', async () => {
    for (const { metadata, spec } of of('ClusterServingRuntime')) {
      const rules: Rule[] = [
        'non-root',
        'seccomp',
        'no privilege',
        'capabilities',
        'read-only root',
        'requests and limits',
        'probes',
      ];
      const pod = {
        ...ANY,
        spec: { securityContext: spec.containers[0].securityContext },
        containers: spec.containers,
      };
      expect([metadata.name, brokenRules(pod, true).filter((rule) => rules.includes(rule))]).toEqual([
        metadata.name,
        [],
      ]);
    }
    const samples = await render('kserve/samples');
    const models = samples.filter(({ kind }) => kind === 'InferenceService');
    expect(models).toHaveLength(2);
    for (const { metadata, spec } of models) {
      const labels = { 'serving.kserve.io/inferenceservice': metadata.name };
      const kept = samples.some(
        (one) => one.kind === 'PodDisruptionBudget' && includes(labels, one.spec.selector.matchLabels),
      );
      const pod = {
        ...ANY,
        spec: spec.predictor,
        containers: [{ ...SAFE, resources: spec.predictor.model.resources }],
      };
      expect([metadata.name, brokenRules(pod, kept)]).toEqual([metadata.name, []]);
      expect(spec.predictor.automountServiceAccountToken).toBe(false);
    }
  });

  it('mounts a token of its account only where it talks to the API server', () => {
    const accounts = new Map(
      of('ServiceAccount').map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]),
    );
    const tokens = pods().filter(({ namespace, spec }) => {
      const account = accounts.get(`${namespace}/${spec['serviceAccountName'] ?? ''}`)?.[
        'automountServiceAccountToken'
      ];
      return (spec['automountServiceAccountToken'] ?? account) !== false;
    });
    expect(tokens.map(({ name }) => name).sort()).toEqual([...withToken].sort());
  });

  it('is probed at a path that its image answers', async () => {
    const containers = [
      ...pods().flatMap(({ containers }) => containers),
      ...of('ClusterServingRuntime').flatMap(({ spec }) => spec.containers as Manifest[]),
    ];
    let seen = 0;
    for (const container of containers) {
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const path = (container[probe]?.httpGet?.path as string | undefined)?.split('?')[0];
        if (!path) continue;
        const image = Object.keys(probePaths).find((known) => (container['image'] as string).includes(`${known}:`));
        expect([container['image'], probePaths[image ?? '']?.includes(path)]).toEqual([container['image'], true]);
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThan(20);
  });
});

const SAFE = {
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  startupProbe: {},
  readinessProbe: {},
  livenessProbe: {},
};
const ANY = { kind: '', name: '', namespace: '', labels: { team: 'platform', 'cost-center': 'platform' } };

function podOf(object: Manifest): Pod | undefined {
  const { kind, metadata, spec } = object;
  const named = { kind, name: label(object), namespace: metadata.namespace ?? 'default' };
  if (kind === 'Prometheus' || kind === 'Alertmanager')
    return { ...named, labels: spec.podMetadata.labels, spec, containers: [{ resources: spec.resources }] };
  if (kind === 'FeatureStore') {
    const { services } = spec;
    const containers = [services.onlineStore.server, services.registry.local.server];
    return {
      ...named,
      labels: {},
      spec: { ...services, serviceAccountName: `feast-${metadata.name}` },
      containers,
    };
  }
  const template = podTemplate(object);
  if (!template) return undefined;
  const labels = template.metadata.labels ?? {};
  if (kind !== 'FlinkDeployment')
    return { ...named, labels, spec: template.spec, containers: template.spec.containers };
  // the operator labels the pods, and asks for what the two resources say as request and limit
  const containers = [spec.jobManager.resource, spec.taskManager.resource].map((resource) => ({
    ...template.spec.containers[0],
    resources: { requests: resource, limits: resource },
  }));
  return {
    ...named,
    labels: { ...labels, app: metadata.name, component: 'jobmanager' },
    spec: template.spec,
    containers,
  };
}
