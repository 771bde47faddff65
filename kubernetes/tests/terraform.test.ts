import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type PlannedResource, resources } from '../../terraform/terraform.ts';
import { planOf } from '../../terraform/tests/plans.ts';
import { terraformSuite } from '../../terraform/tests/provider.ts';
import { contract } from '../contract.ts';
import { type Environment, environments, renderEnvironment } from '../manifests.ts';
import { repository } from './dockerfile.ts';

/** Made once by hand, because no Terraform resource has its content (README). */
const byHand = ['mlops/rds-ca-bundle'];
/** AWS services that pods call whose network policies let them reach private addresses only. */
const calledPrivately = ['redshift-data', 's3', 'secretsmanager', 'sts'];

async function planned(environment: Environment) {
  const all = resources(await planOf(environment));
  return (type: string) => all.filter((resource) => resource.type === type);
}

const named = (found: readonly PlannedResource[], key: string) => found.map(({ values }) => values[key] as string);

/** Pools of nodes that manifests and charts' values name. */
async function selectedPools(): Promise<string[]> {
  const folder = join(repository, 'kubernetes');
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith('.yaml') && !file.includes('tests/') && !file.includes('node_modules'),
  );
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  const found = texts.flatMap((text) => [...text.matchAll(/mlops\.dev\/node-pool: ([a-z-]+)/g)]);
  return [...new Set(found.map(([, pool = '']) => pool))];
}

terraformSuite('what the manifests expect of Terraform', ['kubectl'], () => {
  describe.each(environments)('%s', (environment) => {
    const expected = contract(environment);

    beforeAll(() => planOf(environment), 300_000);

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

    it('has nodes with each label that pods select, tainted as they tolerate', async () => {
      const of = await planned(environment);
      const objects = [...(await renderEnvironment(environment)).values()].flat();
      const karpenter = objects
        .filter(({ kind }) => kind === 'NodePool')
        .map(({ spec }) => spec.template.metadata.labels['mlops.dev/node-pool'] as string);
      const groups = of('aws_eks_node_group').map(({ values }) => values['labels'] as Record<string, string>);
      const pools = [...karpenter, ...groups.map((labels) => labels['mlops.dev/node-pool'])];
      const selected = await selectedPools();
      expect(selected).toContain('system');
      expect(pools).toEqual(expect.arrayContaining(selected));
      for (const { values } of of('aws_eks_node_group')) {
        const { 'mlops.dev/node-pool': pool = '' } = values['labels'] as Record<string, string>;
        const taints = (values['taint'] as { key: string; value: string }[]).map(({ key, value }) => `${key}=${value}`);
        const wanted: Record<string, string[]> = {
          system: ['CriticalAddonsOnly=true'],
          compute: [],
          gpu: ['nvidia.com/gpu=true'],
          hipaa: ['mlops.dev/compliance=hipaa'],
        };
        expect(taints, pool).toEqual(wanted[pool]);
      }
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
