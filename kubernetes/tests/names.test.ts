import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import images from '../images/images.lock.json' with { type: 'json' };
import { type Manifest, renderEnvironment, root } from '../manifests.ts';
import { type SubjectName, subjects, unasked } from './rbac.ts';
import { includes, operated, podTemplate } from './workloads.ts';

suite('every name', { needs: ['kubectl'] }, () => {
  let base: Manifest[];

  beforeAll(async () => {
    base = [...(await renderEnvironment('prod')).values()].flat();
  });

  const of = (...kinds: string[]) => base.filter(({ kind }) => kinds.includes(kind));

  it('of an image is in the lock, at its version, and by its digest where one is known', () => {
    // ours come from each account's own registry, which the lock does not know
    const ours = /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com\//;
    const found = new Set(base.flatMap(imagesOf).map((image) => image.replace(ours, 'localhost/')));
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

  it('of a secret that rotates gives the workload new pods, where Reloader may look', async () => {
    const { reloader } = parse(await readFile(join(root, 'operators/charts/reloader.yaml'), 'utf8'));
    expect(reloader.namespaces).toEqual(['feast', 'mlflow', 'mlops']);
    for (const workload of of('Deployment').filter(({ metadata }) =>
      reloader.namespaces.includes(metadata.namespace),
    )) {
      const { namespace = '', annotations = {} } = workload.metadata;
      const secrets = uses({ ...workload, spec: workload.spec.template.spec }, namespace)
        .filter((used) => used.startsWith('Secret '))
        .map((used) => used.slice(`Secret ${namespace}/`.length));
      const named = annotations['secret.reloader.stakater.com/reload']?.split(',') ?? [];
      expect([workload.metadata.name, named.sort()]).toEqual([workload.metadata.name, [...new Set(secrets)].sort()]);
    }
  });

  it("of a store's secret gives Feast's servers new pods: their operator does not look at it", () => {
    const [{ metadata, spec }] = of('FeatureStore') as [Manifest];
    const used = [...JSON.stringify(spec).matchAll(/"(?:secretRef":\{"name|secretName)":"([^"]+)"/g)];
    const named = spec.services.podAnnotations['secret.reloader.stakater.com/reload'].split(',');
    expect(metadata.namespace).toBe('feast');
    expect(named.sort()).toEqual([...new Set(used.map(([, name]) => name))].sort());
  });

  it('of a secret of databases and caches is asked for once a minute: their passwords rotate', () => {
    const rotated = of('ExternalSecret').filter(({ spec }) =>
      /mlops\/prod\/([a-z]+-database|redis)"/.test(JSON.stringify(spec)),
    );
    expect(rotated.map(({ metadata, spec }) => [metadata.name, spec.refreshInterval])).toEqual([
      ['mlflow-database', '1m'],
      ['feast-stores', '1m'],
      ['platform-database', '1m'],
    ]);
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

  it('of a right that a role has is in the table of rights', () => {
    const names = Object.keys(subjects) as SubjectName[];
    expect(names.flatMap((subject) => unasked(base, subject))).toEqual([]);
    // and every group or account that is given a right is one of the table's subjects, or of the same kind in another team
    const known = names.flatMap((name) => [...subjects[name].groups, subjects[name].user]);
    const given = of('RoleBinding', 'ClusterRoleBinding').flatMap(
      (binding) => binding['subjects'] as { kind: string; name: string; namespace?: string }[],
    );
    const strange = given
      .map(({ kind, name, namespace }) =>
        kind === 'ServiceAccount' ? `system:serviceaccount:${namespace}:${name}` : name,
      )
      .map((name) => name.replace(/^team-(clinical|payments):/, 'team-data-science:'));
    expect(strange.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('of a selector finds pods, and the ports it names are theirs', () => {
    const templates = base.flatMap((object) => {
      const template = podTemplate(object);
      return template ? [{ namespace: object.metadata.namespace, template }] : [];
    });
    // Prometheus and Alertmanager: their operator makes the pods and names their port
    const watched = of('Prometheus', 'Alertmanager').map(({ metadata, spec }) => ({
      namespace: metadata.namespace,
      template: {
        metadata: { labels: spec.podMetadata.labels },
        spec: { containers: [{ ports: [{ name: 'web' }] }] },
      } as unknown as Manifest,
    }));
    // Flink labels its pods by itself, charts theirs
    const flink = of('FlinkDeployment').map(({ metadata }) => ({
      namespace: metadata.namespace,
      template: { metadata: { labels: { app: metadata.name, component: 'jobmanager' } } } as unknown as Manifest,
    }));
    const charted = operated
      .filter(({ namespace }) => namespace === 'operators')
      .map(({ namespace, labels }) => ({ namespace, template: { metadata: { labels } } as unknown as Manifest }));
    const matching = (namespace: string | undefined, labels: object) =>
      [...templates, ...watched, ...flink, ...charted].filter(
        (one) => one.namespace === namespace && includes(one.template.metadata.labels, labels),
      );
    for (const { metadata, spec } of of('Service')) {
      const found = matching(metadata.namespace, spec.selector);
      expect([metadata.name, found.length]).toEqual([metadata.name, 1]);
      const names = ((found[0] as { template: Manifest }).template.spec.containers as Manifest[]).flatMap(({ ports }) =>
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
    const scalers = [...of('HorizontalPodAutoscaler'), ...of('ScaledObject')];
    expect(scalers.map(({ kind }) => kind).sort()).toEqual(['HorizontalPodAutoscaler', 'ScaledObject']);
    for (const { metadata, spec } of scalers) {
      const target = of(spec.scaleTargetRef.kind).find(
        (one) => one.metadata.name === spec.scaleTargetRef.name && one.metadata.namespace === metadata.namespace,
      );
      // the autoscaler owns the number: the workload must not name one
      expect([metadata.name, target?.spec.replicas]).toEqual([metadata.name, undefined]);
    }
  });
});

/** Made by hand or by another part, and declared optional where it is mounted. */
const OPTIONAL = new Set(['ConfigMap monitoring/grafana-dashboards']);

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
