import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { environments, identity, type Manifest, readManifests, render, renderEnvironment, root } from '../manifests.ts';
import { teamManifests } from '../team.ts';

suite('environments and variants', { needs: ['kubectl'] }, () => {
  const rendered = new Map<string, Manifest[]>();
  let base: Manifest[];

  beforeAll(async () => {
    for (const environment of environments) {
      rendered.set(environment, [...(await renderEnvironment(environment)).values()].flat());
    }
    base = rendered.get('prod') ?? [];
  }, 120_000);

  const of = (...kinds: string[]) => base.filter(({ kind }) => kinds.includes(kind));

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
    expect(ingress.ingressGateway).toBeTruthy();
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
      labels: { team: 'fraud', 'cost-center': 'risk', 'compliance-level': 'hipaa' },
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
