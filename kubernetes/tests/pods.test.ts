import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { type Manifest, renderEnvironment } from '../manifests.ts';
import { includes, podTemplate } from './workloads.ts';

/** What has its reason to differ from the rules that every pod keeps. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  // the entry point writes Flink's configuration and links its plugins below /opt/flink
  'FlinkDeployment airport-activity': ['readOnlyRootFilesystem', 'image', 'resources', 'serviceAccount'],
  // done, not serving: nothing to probe, to spread or to protect
  'Job mlflow-migrate': ['probes', 'spread', 'budget'],
  'CronJob feast-materialise': ['probes', 'spread', 'budget'],
  'CronJob restore-drill': ['probes', 'spread', 'budget'],
};

/** Workloads that talk to the API server, and so mount a token. */
const withToken = [
  'Deployment platform-api',
  'StatefulSet alloy',
  'CronJob restore-drill',
  'FlinkDeployment airport-activity',
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

  const pods = () =>
    base.flatMap((object) => {
      const template = podTemplate(object);
      return template ? [{ object, template, excused: exceptions[label(object)] ?? [] }] : [];
    });

  it('is non-root, confined and without privilege, with a read-only root', () => {
    for (const { object, template, excused } of pods()) {
      const where = label(object);
      const { securityContext: pod } = template.spec;
      expect([where, pod.runAsNonRoot, pod.runAsUser > 0, pod.seccompProfile?.type]).toEqual([
        where,
        true,
        true,
        'RuntimeDefault',
      ]);
      for (const { securityContext: own } of template.spec.containers) {
        expect([where, own.allowPrivilegeEscalation, own.privileged, own.capabilities.drop]).toEqual([
          where,
          false,
          false,
          ['ALL'],
        ]);
        if (!excused.includes('readOnlyRootFilesystem'))
          expect([where, own.readOnlyRootFilesystem]).toEqual([where, true]);
      }
      for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(template.spec[key] ?? false).toBe(false);
    }
  });

  it('asks for what it needs, has three probes, a priority and an owner', () => {
    for (const { object, template, excused } of pods()) {
      const where = label(object);
      expect([where, typeof template.spec.priorityClassName]).toEqual([where, 'string']);
      expect([where, template.metadata.labels?.['team'], template.metadata.labels?.['cost-center']]).toEqual([
        where,
        'platform',
        'platform',
      ]);
      for (const container of template.spec.containers) {
        if (!excused.includes('resources')) {
          const { requests, limits } = container.resources;
          expect([where, requests.cpu && requests.memory && limits.cpu && limits.memory ? 'set' : 'missing']).toEqual([
            where,
            'set',
          ]);
        }
        if (excused.includes('probes')) continue;
        const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].filter((probe) => container[probe]);
        expect([where, probes]).toEqual([where, ['startupProbe', 'readinessProbe', 'livenessProbe']]);
      }
    }
  });

  it('is spread over zones and kept by a disruption budget', () => {
    const budgets = of('PodDisruptionBudget');
    for (const { object, template, excused } of pods()) {
      const where = label(object);
      const zones = (template.spec.topologySpreadConstraints ?? []) as {
        topologyKey: string;
        labelSelector: { matchLabels: object };
      }[];
      if (!excused.includes('spread'))
        expect([where, zones.some(({ topologyKey }) => topologyKey === 'topology.kubernetes.io/zone')]).toEqual([
          where,
          true,
        ]);
      if (excused.includes('budget') || object.kind === 'FlinkDeployment') continue;
      const kept = budgets.some(
        ({ metadata, spec }) =>
          metadata.namespace === object.metadata.namespace &&
          includes(template.metadata.labels, spec.selector.matchLabels),
      );
      expect([where, kept]).toEqual([where, true]);
    }
  });

  it('mounts a token of its account only where it talks to the API server', () => {
    const tokens = pods().filter(({ template }) => template.spec.automountServiceAccountToken !== false);
    expect(tokens.map(({ object }) => label(object)).sort()).toEqual([...withToken].sort());
  });

  it('is probed at a path that its image answers', async () => {
    const containers = [
      ...pods().flatMap(({ template }) => template.spec.containers as Manifest[]),
      ...of('ClusterServingRuntime').flatMap(({ spec }) => spec.containers as Manifest[]),
    ];
    let seen = 0;
    for (const container of containers) {
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const path = container[probe]?.httpGet?.path as string | undefined;
        if (!path) continue;
        const image = Object.keys(probePaths).find((known) => (container['image'] as string).includes(`${known}:`));
        expect([container['image'], probePaths[image ?? '']?.includes(path)]).toEqual([container['image'], true]);
        seen += 1;
      }
    }
    expect(seen).toBeGreaterThan(20);
  });
});
