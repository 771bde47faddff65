import type { PlannedResource } from '../terraform.ts';
import { at, type PlanView } from './plan-view.ts';
import { type Policy, refuse } from './policy.ts';

const inTransit = ['HIPAA 164.312(e)(1)', 'HIPAA 164.312(e)(2)(ii)', 'ADR-007'] as const;
const anywhere = ['0.0.0.0/0', '::/0'];

/** Parameters of a parameter group as name → value. */
const parameters = ({ values }: PlannedResource) =>
  new Map((values['parameter'] as readonly { name: string; value: string }[]).map(({ name, value }) => [name, value]));

/** Who may come in: rules of their own, rules of the older type, and rules inside a group. */
function incoming(plan: PlanView): { address: string; from: unknown[] }[] {
  const inline = plan.of('aws_security_group', 'aws_default_security_group').flatMap(({ address, values }) =>
    ((values['ingress'] ?? []) as readonly Record<string, unknown[]>[]).map((rule) => ({
      address,
      from: [...(rule['cidr_blocks'] ?? []), ...(rule['ipv6_cidr_blocks'] ?? [])],
    })),
  );
  const own = plan
    .of('aws_vpc_security_group_ingress_rule')
    .map(({ address, values }) => ({ address, from: [values['cidr_ipv4'], values['cidr_ipv6']] }));
  const older = plan
    .of('aws_security_group_rule')
    .filter(({ values }) => values['type'] === 'ingress')
    .map(({ address, values }) => ({ address, from: [values['cidr_blocks'], values['ipv6_cidr_blocks']].flat() }));
  return [...own, ...older, ...inline];
}

export const network: readonly Policy[] = [
  {
    id: 'no-entry-from-anywhere',
    title: 'No security group lets everybody in, on no port',
    proves: ['HIPAA 164.312(a)(1)', 'CIS 5.2', 'CIS 5.3', 'ADR-007'],
    needs: ['aws_vpc_security_group_ingress_rule'],
    check: (plan) =>
      refuse(incoming(plan), ({ from }) => from.some((one) => anywhere.includes(String(one))), 'lets everybody in'),
  },
  {
    id: 'default-group-closed',
    title: "Each network's default security group lets nothing in or out",
    proves: ['CIS 5.4', 'ADR-007'],
    needs: ['aws_vpc', 'aws_default_security_group'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_vpc'),
        (one) => !plan.companion(one, 'aws_default_security_group'),
        'leaves its default security group open',
      ),
      ...refuse(
        plan.of('aws_default_security_group'),
        (one) =>
          ['ingress', 'egress'].some(
            (side) => plan.isSet(one, side) && ((one.values[side] ?? []) as unknown[]).length > 0,
          ),
        'has rules',
      ),
    ],
  },
  {
    id: 'flow-logs',
    title: 'All traffic of each network is logged',
    proves: ['HIPAA 164.312(b)', 'CIS 3.7', 'ADR-007'],
    needs: ['aws_vpc', 'aws_flow_log'],
    check: (plan) =>
      refuse(
        plan.of('aws_vpc'),
        (vpc) =>
          !plan
            .of('aws_flow_log')
            .some((log) => log.values['traffic_type'] === 'ALL' && plan.comesFrom(log, 'vpc_id', vpc)),
        'has no flow log of all traffic',
      ),
  },
  {
    id: 'no-public-addresses',
    title: 'Subnets give no public addresses, databases have none',
    proves: ['HIPAA 164.312(a)(1)', 'CIS 2.3.3', 'ADR-007'],
    needs: ['aws_subnet', 'aws_db_instance', 'aws_redshift_cluster'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_subnet'),
        ({ values }) => values['map_public_ip_on_launch'] === true,
        'gives public addresses',
      ),
      ...refuse(
        plan.of('aws_db_instance', 'aws_redshift_cluster'),
        ({ values }) => values['publicly_accessible'] !== false,
        'can be reached from the internet',
      ),
    ],
  },
  {
    id: 'private-control-plane',
    title: "The cluster's API is private, or public to named addresses only",
    proves: ['HIPAA 164.312(a)(1)', 'ADR-007', 'ADR-008'],
    needs: ['aws_eks_cluster'],
    check: (plan) =>
      refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) => {
          const from = (at(values, 'vpc_config.public_access_cidrs') ?? anywhere) as string[];
          const open =
            at(values, 'vpc_config.endpoint_public_access') !== false && from.some((one) => anywhere.includes(one));
          return open || at(values, 'vpc_config.endpoint_private_access') !== true;
        },
        'can be reached from anywhere, or not from inside',
      ),
  },
  {
    id: 'buckets-not-public',
    title: 'Nothing in S3 can be made public, in no bucket and in the account',
    proves: ['HIPAA 164.312(a)(1)', 'CIS 2.1.4', 'ADR-004'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_public_access_block', 'aws_s3_account_public_access_block'],
    check: (plan) => {
      const open = ({ values }: PlannedResource) =>
        ['block_public_acls', 'block_public_policy', 'ignore_public_acls', 'restrict_public_buckets'].some(
          (name) => values[name] !== true,
        );
      return [
        ...refuse(
          plan.of('aws_s3_bucket'),
          (one) => !plan.companion(one, 'aws_s3_bucket_public_access_block'),
          'has no public access block',
        ),
        ...refuse(
          plan.of('aws_s3_bucket_public_access_block', 'aws_s3_account_public_access_block'),
          open,
          'lets something be public',
        ),
      ];
    },
  },
  {
    id: 'buckets-tls-only',
    title: 'Buckets refuse what does not come over TLS',
    proves: [...inTransit, 'HIPAA 164.312(e)(2)(i)', 'CIS 2.1.1', 'ADR-004'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_policy'],
    check: (plan) =>
      refuse(
        plan.of('aws_s3_bucket'),
        (bucket) => {
          const policy = plan.companion(bucket, 'aws_s3_bucket_policy');
          return !(policy ? plan.statements(policy) : []).some(
            ({ effect, actions, condition }) =>
              effect === 'Deny' &&
              actions?.includes('s3:*') &&
              condition.some(({ variable, values }) => variable === 'aws:SecureTransport' && values.includes('false')),
          );
        },
        'accepts requests without TLS',
      ),
  },
  {
    id: 'stores-tls-only',
    title: 'PostgreSQL, Redis and Redshift refuse connections without TLS',
    proves: [...inTransit, 'HIPAA 164.312(e)(2)(i)', 'ADR-004'],
    needs: [
      'aws_db_parameter_group',
      'aws_db_instance',
      'aws_elasticache_replication_group',
      'aws_redshift_parameter_group',
      'aws_redshift_cluster',
    ],
    check: (plan) => [
      ...refuse(
        plan.of('aws_db_parameter_group'),
        (one) => parameters(one).get('rds.force_ssl') !== '1',
        'does not force TLS',
      ),
      ...refuse(
        plan.of('aws_db_instance'),
        (one) => !plan.of('aws_db_parameter_group').some((group) => plan.comesFrom(one, 'parameter_group_name', group)),
        'does not use a parameter group of ours',
      ),
      ...refuse(
        plan.of('aws_elasticache_replication_group'),
        ({ values }) =>
          values['transit_encryption_enabled'] !== true || values['transit_encryption_mode'] !== 'required',
        'does not require TLS',
      ),
      ...refuse(
        plan.of('aws_redshift_parameter_group'),
        (one) => parameters(one).get('require_ssl') !== 'true',
        'does not require TLS',
      ),
      ...refuse(
        plan.of('aws_redshift_cluster'),
        (one) =>
          !plan.isSet(one, 'cluster_parameter_group_name') ||
          one.values['cluster_parameter_group_name'] === 'default.redshift-2.0',
        'does not use a parameter group of ours',
      ),
    ],
  },
];
