import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import images from '../images/images.lock.json' with { type: 'json' };
import { environments, identity, type Manifest, readManifests, render, renderEnvironment, root } from '../manifests.ts';
import { teamManifests } from '../team.ts';
import { podTemplate } from './workloads.ts';

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

suite('manifests', { needs: ['kubectl'] }, () => {
  const rendered = new Map<string, Manifest[]>();
  let base: Manifest[];

  beforeAll(async () => {
    for (const environment of environments) {
      rendered.set(environment, [...(await renderEnvironment(environment)).values()].flat());
    }
    base = rendered.get('prod') ?? [];
  }, 120_000);

  const of = (...kinds: string[]) => base.filter(({ kind }) => kinds.includes(kind));

  describe('every pod', () => {
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
            expect([where, requests.cpu && requests.memory && limits.cpu && limits.memory ? 'set' : 'missing']).toEqual(
              [where, 'set'],
            );
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

  describe('every name', () => {
    it('of an image is in the lock, at its version, and by its digest where one is known', () => {
      const found = new Set(base.flatMap(imagesOf));
      const locked = new Map(images.images.map((image) => [`${image.name}:${image.tag}`, image]));
      expect([...found].map((image) => image.replace(/@sha256:.*/, '')).filter((image) => !locked.has(image))).toEqual(
        [],
      );
      expect([...locked.keys()].filter((image) => ![...found].some((one) => one.startsWith(image)))).toEqual([]);
      for (const image of found) {
        const { digest } = locked.get(image.replace(/@sha256:.*/, '')) ?? {};
        if (digest) expect(image).toBe(`${image.replace(/@sha256:.*/, '')}@${digest}`);
      }
    });

    it('of a secret, config map, service account or priority exists where it is used', () => {
      const known = new Set(base.flatMap(provides));
      const wanted = base.flatMap((object) => {
        const template = podTemplate(object);
        return template ? uses(template, object.metadata.namespace ?? '') : [];
      });
      expect(wanted.length).toBeGreaterThan(30);
      expect(wanted.filter((one) => !known.has(one) && !OPTIONAL.has(one))).toEqual([]);
    });

    it('of a service and its port exists where traffic is sent to it', () => {
      const services = new Map(
        of('Service').map((service) => [`${service.metadata.namespace}/${service.metadata.name}`, service]),
      );
      const has = (name: string, port: number | string) =>
        services
          .get(name)
          ?.spec.ports.some((one: { name: string; port: number }) => one.port === port || one.name === port) ?? false;
      for (const { metadata, spec } of of('VirtualServer')) {
        for (const { service, port } of spec.upstreams)
          expect([service, has(`${metadata.namespace}/${service}`, port)]).toEqual([service, true]);
      }
      const urls = JSON.stringify(base).matchAll(/https?:\/\/([a-z-]+)\.([a-z]+)\.svc\.cluster\.local:(\d+)/g);
      for (const [url, service, namespace, port] of urls)
        expect([url, has(`${namespace}/${service}`, Number(port))]).toEqual([url, true]);
    });

    it('of a tls secret, policy, issuer or storage class exists', () => {
      const known = new Set(base.flatMap(provides));
      const policies = new Set(of('Policy').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
      for (const { metadata, spec } of of('VirtualServer')) {
        expect(known).toContain(`Secret ${metadata.namespace}/${spec.tls.secret}`);
        for (const { name } of spec.policies) expect(policies).toContain(`${metadata.namespace}/${name}`);
      }
      const issuers = of('ClusterIssuer').map(({ metadata }) => metadata.name);
      for (const { spec } of of('Certificate')) expect(issuers).toContain(spec.issuerRef.name);
      const classes = of('StorageClass').map(({ metadata }) => metadata.name);
      for (const { spec } of of('StatefulSet'))
        for (const claim of spec.volumeClaimTemplates) expect(classes).toContain(claim.spec.storageClassName);
      for (const { spec } of of('Prometheus', 'Alertmanager'))
        expect(classes).toContain(spec.storage.volumeClaimTemplate.spec.storageClassName);
    });

    it('of a selector finds pods, and the ports it names are theirs', () => {
      const templates = base.flatMap((object) => {
        const template = podTemplate(object);
        return template ? [{ namespace: object.metadata.namespace, template }] : [];
      });
      // Prometheus and Alertmanager: their operator makes the pods and names their port
      const operated = of('Prometheus', 'Alertmanager').map(({ metadata, spec }) => ({
        namespace: metadata.namespace,
        template: {
          metadata: { labels: spec.podMetadata.labels },
          spec: { containers: [{ ports: [{ name: 'web' }] }] },
        } as unknown as Manifest,
      }));
      const matching = (namespace: string | undefined, labels: object) =>
        [...templates, ...operated].filter(
          (one) => one.namespace === namespace && includes(one.template.metadata.labels, labels),
        );
      for (const { metadata, spec } of of('Service')) {
        const found = matching(metadata.namespace, spec.selector);
        expect([metadata.name, found.length]).toEqual([metadata.name, 1]);
        const names = (found[0]?.template.spec.containers as Manifest[]).flatMap(({ ports }) =>
          (ports as { name: string }[]).map(({ name }) => name),
        );
        for (const { targetPort } of spec.ports) expect(names).toContain(targetPort);
      }
      for (const { metadata, spec } of of('PodDisruptionBudget'))
        expect(matching(metadata.namespace, spec.selector.matchLabels).length).toBeGreaterThan(0);
      for (const { spec, metadata } of of('Deployment', 'StatefulSet'))
        expect(matching(metadata.namespace, spec.selector.matchLabels)).toHaveLength(1);
      for (const { metadata, spec } of of('ServiceMonitor')) {
        const found = of('Service').filter(
          (service) =>
            service.metadata.namespace === metadata.namespace &&
            includes(service.metadata.labels, spec.selector.matchLabels),
        );
        for (const { port } of spec.endpoints)
          expect([
            metadata.name,
            found.some((service) => service.spec.ports.some((one: { name: string }) => one.name === port)),
          ]).toEqual([metadata.name, true]);
      }
      for (const { metadata, spec } of of('HorizontalPodAutoscaler')) {
        const target = of(spec.scaleTargetRef.kind).find(
          (one) => one.metadata.name === spec.scaleTargetRef.name && one.metadata.namespace === metadata.namespace,
        );
        // the autoscaler owns the number: the workload must not name one
        expect([metadata.name, target?.spec.replicas]).toEqual([metadata.name, undefined]);
      }
    });
  });

  describe('the overlays', () => {
    /** Replicas, sizes, hosts, images, storage classes, and the names of an environment's own buckets, keys and secrets. */
    const allowed =
      /(replicas|Replicas|parallelism|storage|retentionSize|reclaimPolicy|kmsKeyI[dD]|host|hostname|dnsNames\[\d\]|bucket|image|key|role|karpenter\.sh\/discovery|storageDir|dir|savepoint-dir|artifacts-destination|mlops\.yaml|ingress|grafana\.ini|pipeline\.sql)$/;

    it.each(['dev', 'staging'])('%s changes only what differs between environments', (environment) => {
      const others = new Map((rendered.get(environment) ?? []).map((object) => [identity(object), object]));
      const changes = base.flatMap((object) => differences(object, others.get(identity(object))));
      expect(changes.length).toBeGreaterThan(20);
      expect(changes.filter((path) => !allowed.test(path))).toEqual([]);
    });

    it.each(['dev', 'staging'] as const)('%s names nothing of production', (environment) => {
      const text = JSON.stringify(rendered.get(environment));
      expect(text).not.toMatch(/mlops-prod|mlops\/prod\//);
      expect(text).not.toMatch(new RegExp(`(?<!${environment}\\.)mlops\\.example\\.com`));
      expect(text).toContain(`${environment}.mlops.example.com`);
    });
  });

  it('KServe is told the same by its chart and by its config map', async () => {
    const values = parse(await readFile(join(root, 'operators/charts/kserve.yaml'), 'utf8')).kserve.controller;
    const map = of('ConfigMap').find(({ metadata }) => metadata.name === 'inferenceservice-config');
    expect(JSON.parse(map?.['data'].deploy).defaultDeploymentMode).toBe(values.deploymentMode);
    const ingress = JSON.parse(map?.['data'].ingress);
    expect(ingress).toMatchObject({
      enableGatewayApi: values.gateway.ingressGateway.enableGatewayApi,
      ingressDomain: values.gateway.domain,
    });
    const [namespace, name] = ingress.kserveIngressGateway.split('/');
    expect(of('Gateway').map(({ metadata }) => [metadata.namespace, metadata.name])).toContainEqual([namespace, name]);
  });

  it('the Gateway API edge has the hosts, back ends and limits of the ingress controller', async () => {
    const gateway = await render('ingress/gateway-api');
    const routes = gateway.filter(({ kind, metadata }) => kind === 'HTTPRoute' && metadata.namespace !== 'ingress');
    const limits = new Map(
      gateway
        .filter(({ kind }) => kind === 'ClientSettingsPolicy')
        .map(({ metadata, spec }) => [metadata.name, spec.body.maxSize]),
    );
    const edge = (name: string, host: string, service: string, port: number, size: string) => ({
      name,
      host,
      service,
      port,
      size,
    });
    const left = routes.map(({ metadata, spec }) => {
      const [backend] = spec.rules[0].backendRefs;
      return edge(metadata.name, spec.hostnames[0], backend.name, backend.port, limits.get(metadata.name) ?? '');
    });
    const right = of('VirtualServer').map(({ metadata, spec: { host, upstreams } }) =>
      edge(metadata.name, host, upstreams[0].service, upstreams[0].port, upstreams[0]['client-max-body-size']),
    );
    const byName = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name);
    expect(left.sort(byName)).toEqual(right.sort(byName));
  });

  it('a further team is the template with its own name', async () => {
    const made = readManifests(await teamManifests('fraud', 'risk', 'hipaa'));
    expect(made[0]?.metadata).toMatchObject({
      name: 'team-fraud',
      labels: { team: 'fraud', 'cost-center': 'risk', 'mlops.dev/node-pool': 'hipaa' },
    });
    expect(JSON.stringify(made)).not.toMatch(/clinical/);
    await expect(teamManifests('Fraud!', 'risk')).rejects.toThrow(/DNS label/);
  });

  it('regulated teams differ from the template in nodes, network and storage only', () => {
    const kinds = (team: string) =>
      base
        .filter(({ metadata }) => metadata.namespace === team)
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
        .sort();
    for (const team of ['team-clinical', 'team-payments']) {
      expect(kinds('team-data-science').filter((one) => !kinds(team).includes(one))).toEqual([
        'NetworkPolicy allow-internet',
      ]);
      expect(kinds(team).filter((one) => !kinds('team-data-science').includes(one))).toEqual([]);
    }
  });
});

/** Made by hand or by another part, and declared optional where it is mounted. */
const OPTIONAL = new Set(['ConfigMap monitoring/grafana-dashboards']);

const includes = (labels: Readonly<Record<string, string>> | undefined, wanted: object) =>
  Object.entries(wanted).every(([key, value]) => labels?.[key] === value);

/** What a manifest makes available to pods, by kind and name. */
function provides({ kind, metadata, spec }: Manifest): string[] {
  const space = metadata.namespace ?? '';
  if (kind === 'ExternalSecret') return [`Secret ${space}/${spec.target.name}`];
  if (kind === 'Certificate') return [`Secret ${space}/${spec.secretName}`];
  return [`${kind} ${space}/${metadata.name}`];
}

function uses({ spec }: Manifest, namespace: string): string[] {
  const found: string[] = [`PriorityClass /${spec.priorityClassName}`];
  if (spec.serviceAccountName) found.push(`ServiceAccount ${namespace}/${spec.serviceAccountName}`);
  for (const { secret, configMap } of spec.volumes ?? []) {
    if (secret) found.push(`Secret ${namespace}/${secret.secretName}`);
    if (configMap) found.push(`ConfigMap ${namespace}/${configMap.name}`);
  }
  for (const { env = [] } of spec.containers) {
    for (const { valueFrom } of env) {
      if (valueFrom?.secretKeyRef) found.push(`Secret ${namespace}/${valueFrom.secretKeyRef.name}`);
      if (valueFrom?.configMapKeyRef) found.push(`ConfigMap ${namespace}/${valueFrom.configMapKeyRef.name}`);
    }
  }
  return found;
}

/** Every image that a manifest names, wherever its kind puts it. */
function imagesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesOf);
  if (typeof value !== 'object' || value === null) {
    // configuration in JSON texts names images too
    return typeof value === 'string' && value.startsWith('{') && value.includes('"image"')
      ? [...value.matchAll(/"image":\s*"([^"]+)"/g)].map(([, image]) => image ?? '')
      : [];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'image' && typeof inner === 'string' ? [inner] : imagesOf(inner),
  );
}

/** Paths at which two manifests differ. */
function differences(left: unknown, right: unknown, path = ''): string[] {
  if (typeof left === 'object' && left !== null && typeof right === 'object' && right !== null) {
    const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
    return [...keys].flatMap((key) =>
      differences(
        (left as Record<string, unknown>)[key],
        (right as Record<string, unknown>)[key],
        Array.isArray(left) ? `${path}[${key}]` : `${path}.${key}`,
      ),
    );
  }
  return Object.is(left, right) ? [] : [path];
}
