import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PlannedResource, resources } from '@mlops/terraform';
import { planOf, terraformSuite } from '@mlops/terraform/tests';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { contract } from '../contract.ts';
import { type Environment, environments, renderEnvironment } from '../manifests.ts';
import { chartValues } from '../settings.ts';

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
      const { variables } = await planOf(environment);
      const here = `arn:aws:kms:${variables?.['region']?.value}:${variables?.['account_id']?.value}:`;
      expect(named(of('aws_kms_alias'), 'name').map((alias) => here + alias)).toEqual(
        expect.arrayContaining([...keyAliases]),
      );
      expect(named(of('aws_eks_cluster'), 'name')).toContain(clusterName);
      expect(named(of('aws_iam_role'), 'name')).toContain(nodeRole);
      // The second region's subnets are for a cluster of their own.
      const tags = of('aws_subnet').map(({ values }) => values['tags'] as Record<string, string> | undefined);
      expect(tags.map((each) => each?.['karpenter.sh/discovery'])).toContain(clusterName);
    });

    it('has a repository for each image that is built here, in its own account', async () => {
      const [of, { images }] = [await planned(environment), await expected];
      const { variables } = await planOf(environment);
      const registry = `${variables?.['account_id']?.value}.dkr.ecr.${variables?.['region']?.value}.amazonaws.com`;
      expect(images.length).toBeGreaterThan(1);
      expect(named(of('aws_ecr_repository'), 'name').map((name) => `${registry}/${name}`)).toEqual(
        expect.arrayContaining([...images]),
      );
    });

    it('tells the load balancer controller a name that its VPC has', async () => {
      const of = await planned(environment);
      const { 'vpcTags.Name': name } = await chartValues('aws-load-balancer-controller', environment);
      expect(of('aws_vpc').map(({ values }) => (values['tags'] as Record<string, string>)['Name'])).toContain(name);
    });

    it('ends in the evening the nodes that Karpenter tags', async () => {
      const of = await planned(environment);
      const objects = [...(await renderEnvironment(environment)).values()].flat();
      const tags = objects.filter(({ kind }) => kind === 'EC2NodeClass').map(({ spec }) => spec.tags);
      // the keys by which the bill is split, as on everything that Terraform makes
      const { variables } = await planOf(environment);
      const { Environment, Project, CostCenter } = (variables?.['tags']?.value ?? {}) as Record<string, string>;
      for (const own of tags) expect(own).toMatchObject({ Environment, Project, CostCenter, Team: 'platform' });
      const ends = of('aws_scheduler_schedule')
        .map(({ values }) => (values['target'] as { input: string }[])[0]?.input ?? '')
        .filter((input) => input.includes('AWS-TerminateEC2Instance'))
        .flatMap((input) => (JSON.parse(input) as { Targets: { Key: string; Values: string[] }[] }).Targets);
      expect(ends).toHaveLength(environment === 'dev' ? 1 : 0);
      for (const { Key, Values } of ends)
        for (const own of tags) expect(Values).toContain(own[Key.replace(/^tag:/, '')]);
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
      const { 'settings.interruptionQueue': queue } = await chartValues('karpenter', environment);
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
