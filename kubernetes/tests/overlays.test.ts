import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from '@mlops/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import {
  CONFIGURATION,
  environments,
  identity,
  type Manifest,
  readManifests,
  render,
  renderEnvironment,
  root,
  stamped,
} from '../manifests.ts';
import { chartValues, settingsFile } from '../settings.ts';
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
      /(mlops\.dev\/configuration|replicas|Replicas|ReplicaCount|replication-factor|names|limits\.[a-z./]+|tags\.Environment|parallelism|storage|retentionSize|reclaimPolicy|kmsKeyI[dD]|host|hostname|dnsNames\[\d\]|bucket|image|key|role|karpenter\.sh\/discovery|storageDir|dir|savepoint-dir|artifacts-destination|artifacts|allowed-hosts|prefixes|ingress|root-url)$/;

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

    it.each(environments)('%s has the settings of its Terraform, and names no other account', async (environment) => {
      const file = await settingsFile(environment);
      expect(await readFile(join(root, `overlays/${environment}/settings.yaml`), 'utf8')).toBe(file);
      const { data } = readManifests(file)[0] as Manifest;
      const text = JSON.stringify(rendered.get(environment)).replaceAll('\\n', ' ');
      const accounts = new Set([...text.matchAll(/\b\d{12}\b/g)].map(([account]) => account));
      // the second is AWS's own, from where EKS takes its add-ons
      expect([...accounts].sort()).toEqual([data['account'], '602401143452'].sort());
    });

    it('changes nothing by its place in a list', async () => {
      for (const environment of environments) {
        const text = await readFile(join(root, `overlays/${environment}/kustomization.yaml`), 'utf8');
        expect([environment, text.match(/path: \S*\/\d+(\/|$)/gm)]).toEqual([environment, null]);
      }
    });

    it('gives Loki as many copies to write as it has replicas', () => {
      for (const [environment, objects] of rendered) {
        const find = (kind: string) => objects.find((one) => one.kind === kind && one.metadata.name === 'loki');
        expect([environment, Number(find('ConfigMap')?.['data']['replication-factor'])]).toEqual([
          environment,
          find('StatefulSet')?.spec.replicas,
        ]);
      }
    });

    it('lets Karpenter make fewer nodes in dev than in production, of every pool', () => {
      const limits = (environment: string) =>
        new Map(
          (rendered.get(environment) ?? [])
            .filter(({ kind }) => kind === 'NodePool')
            .map(({ metadata, spec }) => [metadata.name, Number(spec.limits.cpu)]),
        );
      const [small, large] = [limits('dev'), limits('prod')];
      expect(small.size).toBeGreaterThan(4);
      for (const [pool, cpu] of small) expect([pool, cpu * 4 <= (large.get(pool) ?? 0)]).toEqual([pool, true]);
    });
  });

  it('replaces the pods of a workload whose configuration has changed, and no others', () => {
    const maps = (text: string) =>
      new Map(
        of('ConfigMap').map((map) => {
          const name = `${map.metadata.namespace}/${map.metadata.name}`;
          return [name, name === 'mlops/platform-api' ? { ...map, data: { 'mlops.yaml': text } } : map] as const;
        }),
      );
    const stamps = (text: string) =>
      of('Deployment', 'StatefulSet', 'DaemonSet').map((object) => {
        const { spec } = stamped(object, maps(text));
        return [
          object.metadata.name,
          spec.template.metadata.annotations?.[CONFIGURATION] as string | undefined,
        ] as const;
      });
    const [before, after] = [new Map(stamps('log-level: info')), new Map(stamps('log-level: debug'))];
    expect([...after].filter(([name, stamp]) => stamp !== before.get(name)).map(([name]) => name)).toEqual([
      'platform-api',
    ]);
    const read = [...before].filter(([, stamp]) => stamp !== undefined).map(([name]) => name);
    expect(read).toEqual(expect.arrayContaining(['platform-api', 'grafana', 'loki', 'mlflow', 'alloy']));
    // and what is applied carries the stamp
    expect(
      of('Deployment').find(({ metadata }) => metadata.name === 'platform-api')?.spec.template.metadata,
    ).toMatchObject({
      annotations: { [CONFIGURATION]: expect.stringMatching(/^[0-9a-f]{16}$/) },
    });
  });

  it('takes certificates of RDS that fit into a secret, which holds 65,536 bytes: those of one region', async () => {
    // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html; the bundle of all regions has 174 kB
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    expect(/--name mlops\/rds-ca-bundle --secret-string file:\/\/(\S+?)`/.exec(readme)?.[1]).toMatch(
      /^[a-z]{2}-[a-z]+-\d-bundle\.pem$/,
    );
  });

  it('KServe is told the same by its chart and by its config map', async () => {
    const values = parse(await readFile(join(root, 'operators/charts/kserve.yaml'), 'utf8')).kserve.controller;
    const map = of('ConfigMap').find(({ metadata }) => metadata.name === 'inferenceservice-config');
    expect(JSON.parse(map?.['data'].deploy).defaultDeploymentMode).toBe(values.deploymentMode);
    const ingress = JSON.parse(map?.['data'].ingress);
    const told = await chartValues('kserve', 'prod');
    expect(ingress).toMatchObject({
      enableGatewayApi: values.gateway.ingressGateway.enableGatewayApi,
      ingressDomain: told['kserve.controller.gateway.domain'],
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
