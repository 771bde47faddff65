import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlannedResource, resources } from '@mlops/terraform';
import { planOf, terraformSuite } from '@mlops/terraform/tests';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { contract } from '../contract.ts';
import { type Environment, environments, renderEnvironment } from '../manifests.ts';

/** Made once by hand, because no Terraform resource has its content (README). */
const byHand = ['mlops/rds-ca-bundle'];
const POOL = 'mlops.dev/node-pool';
/** AWS services that pods call whose network policies let them reach private addresses only. */
const calledPrivately = ['redshift-data', 's3', 'secretsmanager', 'sts'];

async function planned(environment: Environment) {
  const all = resources(await planOf(environment));
  return (type: string) => all.filter((resource) => resource.type === type);
}

const named = (found: readonly PlannedResource[], key: string) => found.map(({ values }) => values[key] as string);

interface Taint {
  readonly key: string;
  readonly value?: string;
}

const tainted = (taints: readonly Taint[] = []) => taints.map(({ key, value }) => `${key}=${value}`).sort();

/** Karpenter runs on nodes that it has not made: its chart's values. */
const karpenter = parse(readFileSync(join(import.meta.dirname, '../operators/charts/karpenter.yaml'), 'utf8')) as {
  readonly settings: { readonly interruptionQueue: string };
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly Taint[];
};

terraformSuite('what the manifests expect of Terraform', ['kubectl'], () => {
  describe.each(environments)('%s', (environment) => {
    const expected = contract(environment);

    beforeAll(async () => {
      await planOf(environment);
    }, 600_000);

    it('has each bucket and each secret', async () => {
      const [of, { buckets, secrets }] = [await planned(environment), await expected];
      expect(buckets.length).toBeGreaterThan(3);
      expect(named(of('aws_s3_bucket'), 'bucket')).toEqual(expect.arrayContaining([...buckets]));
      const made = secrets.filter((name) => !byHand.includes(name));
      expect(made.length).toBeGreaterThan(5);
      expect(named(of('aws_secretsmanager_secret'), 'name')).toEqual(expect.arrayContaining(made));
    });

    it('has each key alias, the cluster and the nodes’ role', async () => {
      const [of, { keyAliases, clusterName, nodeRole }] = [await planned(environment), await expected];
      expect(keyAliases.length).toBeGreaterThan(0);
      expect(named(of('aws_kms_alias'), 'name')).toEqual(expect.arrayContaining([...keyAliases]));
      expect(named(of('aws_eks_cluster'), 'name')).toContain(clusterName);
      expect(named(of('aws_iam_role'), 'name')).toContain(nodeRole);
      const [subnet] = of('aws_subnet').filter(({ values }) => JSON.stringify(values['tags']).includes('karpenter.sh'));
      expect(subnet?.values['tags']).toMatchObject({ 'karpenter.sh/discovery': clusterName });
    });

    it('gives each service account that calls AWS its role', async () => {
      const [of, { podIdentities }] = [await planned(environment), await expected];
      const given = of('aws_eks_pod_identity_association').map(
        ({ values }) => `${values['namespace']}/${values['service_account']}`,
      );
      expect(given).toEqual(expect.arrayContaining([...podIdentities]));
    });

    it('gives people each group that a role is bound to', async () => {
      const [of, { groups }] = [await planned(environment), await expected];
      const given = of('aws_eks_access_entry').flatMap(({ values }) => (values['kubernetes_groups'] ?? []) as string[]);
      // a team that the environment does not have brings its groups when it comes
      const teams = new Set(given.map((group) => group.split(':')[0]));
      const wanted = groups.filter((group) => teams.has(group.split(':')[0]));
      expect(wanted).toEqual(expect.arrayContaining(['mlops:auditors', 'team-data-science:admins']));
      expect(given).toEqual(expect.arrayContaining(wanted));
    });

    it('has node groups that are labelled and tainted as the pools of the same name', async () => {
      const of = await planned(environment);
      const objects = [...(await renderEnvironment(environment)).values()].flat();
      const pools = new Map(
        objects
          .filter(({ kind }) => kind === 'NodePool')
          .map(({ metadata, spec }) => [metadata.name, spec.template] as const),
      );
      for (const [name, { metadata }] of pools) expect(metadata.labels).toEqual({ [POOL]: name });
      expect([...pools.keys()]).toEqual(expect.arrayContaining(['gpu', 'hipaa', 'pci']));
      const groups = of('aws_eks_node_group').map(({ values }) => ({
        pool: (values['labels'] as Record<string, string>)[POOL] ?? '',
        taints: tainted(values['taint'] as Taint[]),
      }));
      expect(groups.map(({ pool }) => pool)).toEqual(expect.arrayContaining(['compute', 'system']));
      for (const { pool, taints } of groups.filter((group) => pools.has(group.pool)))
        expect(taints, pool).toEqual(tainted(pools.get(pool).spec.taints));
      expect(groups.find(({ pool }) => pool === 'compute')?.taints).toEqual([]);
    });

    it('has the nodes that Karpenter itself runs on, and its queue', async () => {
      const of = await planned(environment);
      const system = of('aws_eks_node_group').filter(({ values }) =>
        Object.entries(karpenter.nodeSelector).every(
          ([key, value]) => (values['labels'] as Record<string, string>)[key] === value,
        ),
      );
      expect(system.length).toBeGreaterThan(0);
      const tolerated = karpenter.tolerations.map(({ key }) => key);
      for (const { values } of system) {
        expect((values['taint'] as Taint[]).map(({ key }) => key)).toEqual(tolerated);
        expect(values['scaling_config']).toMatchObject([{ max_size: expect.toSatisfy((max: number) => max >= 2) }]);
      }
      const queue = karpenter.settings.interruptionQueue.replace('prod', environment);
      expect(named(of('aws_sqs_queue'), 'name')).toContain(queue);
    });

    it('lies where the network policies look', async () => {
      const of = await planned(environment);
      for (const range of named(of('aws_vpc'), 'cidr_block')) expect(range).toMatch(/^10\.\d+\.0\.0\/16$/);
      const endpoints = of('aws_vpc_endpoint').filter(({ values }) => values['vpc_endpoint_type'] === 'Interface');
      const services = named(endpoints, 'service_name').map((name) =>
        name.replace(/^com\.amazonaws\.[a-z0-9-]+\./, ''),
      );
      expect(services).toEqual(expect.arrayContaining(calledPrivately));
      const addons = of('aws_eks_addon');
      expect(named(addons, 'addon_name')).toContain('snapshot-controller');
      const network = addons.find(({ values }) => values['addon_name'] === 'vpc-cni');
      expect(JSON.parse(network?.values['configuration_values'] as string)).toMatchObject({
        enableNetworkPolicy: 'true',
      });
    });
  });
});
