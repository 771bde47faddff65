import type { PlannedResource } from '../terraform.ts';
import type { PlanView } from './plan-view.ts';
import { missing, type Policy, refuse } from './policy.ts';

/** Kubernetes version → the last day of its standard support (Amazon EKS user guide, version calendar). */
const standardSupport: Readonly<Record<string, string>> = {
  '1.34': '2026-12-02',
  '1.35': '2027-03-27',
  '1.36': '2027-08-01',
};

/** Least and greatest share of the compute nodes that run on spot. */
const onSpot: Readonly<Record<string, readonly [number, number]>> = {
  dev: [1, 1],
  staging: [0.3, 0.8],
  prod: [0.6, 0.8],
};

const poolOf = ({ values }: PlannedResource) =>
  (values['labels'] as Record<string, string> | null)?.['mlops.dev/node-pool'];
const taints = ({ values }: PlannedResource) =>
  (values['taint'] ?? []) as readonly { key: string; value: string; effect: string }[];
const pools = (plan: PlanView, pool: string) => plan.of('aws_eks_node_group').filter((one) => poolOf(one) === pool);
const teams = (plan: PlanView) =>
  Object.entries((plan.variable('teams') ?? {}) as Record<string, { compliance?: string }>);
const regulated = (plan: PlanView) => teams(plan).some(([, { compliance }]) => compliance === 'hipaa');

export const kubernetes: readonly Policy[] = [
  {
    id: 'supported-version',
    title: 'The cluster runs a version under standard support, and never pays for the extended one by accident',
    proves: ['ADR-008', 'ADR-009'],
    needs: ['aws_eks_cluster'],
    check: (plan) =>
      refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) =>
          !(String(values['version']) in standardSupport) ||
          (values['upgrade_policy'] as readonly { support_type?: string }[] | undefined)?.[0]?.support_type !==
            'STANDARD',
        'runs a version without standard support, or would stay on it',
      ),
  },
  {
    id: 'managed-addons',
    title: "The cluster's add-ons are managed, with prefix delegation and network policies",
    proves: ['ADR-003', 'ADR-008'],
    needs: ['aws_eks_cluster', 'aws_eks_addon'],
    check: (plan) => {
      const clusters = plan.of('aws_eks_cluster').length;
      const addons = plan.of('aws_eks_addon');
      const cni = addons.filter(({ values }) => values['addon_name'] === 'vpc-cni');
      return [
        ...['vpc-cni', 'kube-proxy', 'coredns', 'aws-ebs-csi-driver', 'eks-pod-identity-agent'].flatMap((name) =>
          missing(
            addons.filter(({ values }) => values['addon_name'] === name).length < clusters,
            `has a cluster without the managed add-on ${name}`,
          ),
        ),
        ...refuse(
          cni,
          ({ values }) => {
            const settings = JSON.parse(String(values['configuration_values'] ?? '{}')) as {
              env?: Record<string, string>;
              enableNetworkPolicy?: string;
            };
            return settings.env?.['ENABLE_PREFIX_DELEGATION'] !== 'true' || settings.enableNetworkPolicy !== 'true';
          },
          'gives addresses one by one, or does not enforce network policies',
        ),
      ];
    },
  },
  {
    id: 'pools-tainted',
    title: 'Nodes of the system, with GPUs and for health data take only what asks for them',
    proves: ['ADR-003', 'ADR-008'],
    needs: ['aws_eks_node_group'],
    check: (plan) => {
      const keys: Readonly<Record<string, string>> = {
        system: 'CriticalAddonsOnly',
        gpu: 'nvidia.com/gpu',
        hipaa: 'mlops.dev/compliance',
      };
      return [
        ...missing(pools(plan, 'system').length === 0, 'has no nodes for the system'),
        ...refuse(
          plan.of('aws_eks_node_group').filter((one) => (poolOf(one) ?? '') in keys),
          (one) => !taints(one).some(({ key, effect }) => key === keys[poolOf(one) ?? ''] && effect === 'NO_SCHEDULE'),
          'takes any pod',
        ),
      ];
    },
  },
  {
    id: 'health-data-on-own-nodes',
    title: 'Where a team works with health data there are nodes for it, on demand, whose traffic the hardware encrypts',
    proves: ['HIPAA 164.312(a)(1)', 'HIPAA 164.312(e)(1)', 'ADR-003', 'ADR-008'],
    needs: ['aws_eks_node_group'],
    check: (plan) => {
      if (!regulated(plan)) return [];
      const own = pools(plan, 'hipaa');
      // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/data-protection.html#encryption-transit
      const encrypting =
        /^(m5d?n|m5zn|r5d?n|m6i|m6id|m6in|m6idn|r6i|c6i|c6in|m7[aiag]|r7[aig]|c7[aig]|m8[gia]|g5|g6|p4d|p5)[.]/;
      return [
        ...missing(own.length === 0, 'has no nodes for health data'),
        ...refuse(own, ({ values }) => values['capacity_type'] !== 'ON_DEMAND', 'may lose its nodes at any time'),
        ...refuse(
          own,
          ({ values }) => !((values['instance_types'] ?? []) as string[]).every((type) => encrypting.test(type)),
          'has nodes whose traffic is not encrypted',
        ),
      ];
    },
  },
  {
    id: 'teams-isolated',
    title: 'Each team has a role of its own in its own namespace',
    proves: ['HIPAA 164.312(a)(1)', 'ADR-003'],
    needs: ['aws_eks_pod_identity_association'],
    check: (plan) => {
      const associations = plan.of('aws_eks_pod_identity_association');
      return [
        ...missing(teams(plan).length === 0, 'has no team'),
        ...teams(plan).flatMap(([team]) =>
          missing(
            !associations.some(({ values }) => values['namespace'] === `team-${team}`),
            `has no role for the workloads of ${team}`,
          ),
        ),
        ...refuse(
          associations.filter(({ values }) => String(values['namespace']).startsWith('team-')),
          ({ values }) => !teams(plan).some(([team]) => values['namespace'] === `team-${team}`),
          'belongs to no team',
        ),
      ];
    },
  },
  {
    id: 'compute-on-spot',
    title:
      'Compute runs on spot: all in development, half in staging, 70 of 100 nodes in production, its system on demand',
    proves: ['ADR-008', 'ADR-009'],
    needs: ['aws_eks_node_group'],
    check: (plan) => {
      const nodes = (groups: readonly PlannedResource[]) =>
        groups.reduce(
          (sum, { values }) =>
            sum + ((values['scaling_config'] as readonly { desired_size: number }[])[0]?.desired_size ?? 0),
          0,
        );
      const compute = pools(plan, 'compute');
      const spot = compute.filter(({ values }) => values['capacity_type'] === 'SPOT');
      const share = nodes(spot) / nodes(compute);
      const environment = String(plan.variable('environment'));
      const [least, greatest] = onSpot[environment] ?? [0, 1];
      return [
        ...missing(!(share >= least && share <= greatest), `has ${Math.round(share * 100)} % of its compute on spot`),
        ...refuse(
          pools(plan, 'system'),
          ({ values }) => environment === 'prod' && values['capacity_type'] !== 'ON_DEMAND',
          'may lose the system at any time',
        ),
        ...refuse(
          spot,
          ({ values }) => ((values['instance_types'] ?? []) as string[]).length < 3,
          'depends on the market of one or two types',
        ),
      ];
    },
  },
];
