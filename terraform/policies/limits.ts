import type { PlannedResource } from '../terraform.ts';
import { at, type PlanView, type Statement } from './plan-view.ts';
import { missing, type Policy, refuse } from './policy.ts';

/** The range that the manifests' network policies take for "inside". */
const INSIDE = '10.0.0.0/8';
/** What a caller of EC2 needs of an encrypted volume's key. */
const volumeCalls = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
/** What the rotation calls (modules/rotation/index.mjs). */
const calledByFunctions = ['elasticache', 'rds', 'secretsmanager'];
const volumeKeys = ['volumes', 'hipaa', 'pci'];
const launcher = 'role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';

/**
 * The argument that names a resource, and how long it may be: IAM, EventBridge, EventBridge Scheduler, Lambda, ElastiCache, RDS,
 * Redshift and EKS say so in the references of the calls that make them.
 */
const longest: Readonly<Record<string, readonly [argument: string, length: number]>> = {
  aws_cloudwatch_event_rule: ['name', 64],
  aws_db_instance: ['identifier', 63],
  aws_eks_cluster: ['name', 100],
  aws_eks_node_group: ['node_group_name', 63],
  aws_elasticache_replication_group: ['replication_group_id', 40],
  aws_iam_policy: ['name', 128],
  aws_iam_role: ['name', 64],
  aws_lambda_function: ['function_name', 64],
  aws_redshift_cluster: ['cluster_identifier', 63],
  aws_scheduler_schedule: ['name', 64],
  aws_sqs_queue: ['name', 80],
};

/** First and last address of an IPv4 range as numbers; undefined for what is none. */
function range(cidr: unknown): readonly [number, number] | undefined {
  const [, a, b, c, d, length] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(String(cidr)) ?? [];
  if (length === undefined) return undefined;
  const size = 2 ** (32 - Number(length));
  const address = [a, b, c, d].reduce((sum, part) => sum * 256 + Number(part), 0);
  const first = Math.floor(address / size) * size;
  return [first, first + size - 1];
}

const overlap = (one: unknown, other: unknown) => {
  const [left, right] = [range(one), range(other)];
  return !left || !right || (left[0] <= right[1] && right[0] <= left[1]);
};
const contains = (outer: unknown, inner: unknown) => {
  const [left, right] = [range(outer), range(inner)];
  return left !== undefined && right !== undefined && left[0] <= right[0] && right[1] <= left[1];
};

const allows = ({ effect }: Statement) => effect !== 'Deny';
const names = ({ principals }: Statement, principal: string) =>
  principals.some(({ identifiers }) => identifiers.some((one) => one === '*' || one.endsWith(principal)));
const conditioned = ({ condition }: Statement, variable: string) =>
  condition.some((one) => one.variable.startsWith(variable));

/** The policies of service accounts by the end of their document's address, such as `kube-system/karpenter"]`. */
const rightsOf = (plan: PlanView, account: string) =>
  [...plan.documents]
    .filter(([address]) => address.endsWith(`aws_iam_policy_document.workload["${account}"]`))
    .map(([address, statements]) => ({ address, statements: statements.filter(allows) }));
const granting = (statements: readonly Statement[], action: string) =>
  statements.filter(({ actions }) => actions?.includes(action));

/** What AWS enforces when a plan is applied, or silently does otherwise, and no mock of AWS does. */
export const limits: readonly Policy[] = [
  {
    id: 'managed-nodes-launch',
    title: "Auto Scaling's service-linked role gets the volumes' keys from their policies: IAM gives it none",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html',
    needs: ['aws_eks_node_group', 'aws_kms_key'],
    check: (plan) =>
      refuse(
        plan.of('aws_kms_key').filter(({ index }) => volumeKeys.includes(String(index))),
        (key) => {
          // the account's principal does not count: it leaves the decision to IAM
          const direct = plan.statements(key).filter((one) => allows(one) && names(one, launcher));
          return [...volumeCalls, 'kms:CreateGrant'].some((action) => granting(direct, action).length === 0);
        },
        'is no key that managed nodes can start with',
      ),
  },
  {
    id: 'volumes-attach',
    title: 'Karpenter and the volume driver may use the keys of volumes, and grant them to EC2 alone',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html',
    needs: ['aws_iam_role_policy', 'aws_ebs_default_kms_key'],
    check: (plan) =>
      ['kube-system/karpenter', 'kube-system/ebs-csi-controller-sa'].flatMap((account) => [
        ...missing(rightsOf(plan, account).length === 0, `has no rights for ${account}`),
        ...refuse(
          rightsOf(plan, account),
          ({ statements }) =>
            volumeCalls.some((action) => granting(statements, action).length === 0) ||
            granting(statements, 'kms:CreateGrant').length === 0 ||
            granting(statements, 'kms:CreateGrant').some((one) => !conditioned(one, 'kms:GrantIsForAWSResource')),
          'cannot attach an encrypted volume, or grants its key to anybody',
        ),
      ]),
  },
  {
    id: 'karpenter-finds-its-own',
    title: "Karpenter's profiles are where it makes them, and it removes only nodes of its own pools",
    proves: ['AWS limits'],
    source: 'https://karpenter.sh/v1.14/reference/cloudformation/',
    needs: ['aws_iam_role_policy'],
    check: (plan) =>
      refuse(
        rightsOf(plan, 'kube-system/karpenter'),
        ({ statements }) =>
          !granting(statements, 'iam:CreateInstanceProfile').some(({ resources }) =>
            resources?.some((one) => one?.includes(':instance-profile/karpenter/')),
          ) ||
          ['ec2:DescribeInstanceStatus', 'ec2:DescribePlacementGroups'].some(
            (action) => granting(statements, action).length === 0,
          ) ||
          granting(statements, 'ec2:TerminateInstances').some(
            (one) => !conditioned(one, 'aws:ResourceTag/karpenter.sh/nodepool'),
          ),
        'makes no node, or removes those of others',
      ),
  },
  {
    id: 'balancers-stay-whose-they-are',
    title: 'The load balancer controller marks nothing as its own that it has not made',
    proves: ['AWS limits'],
    source: 'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/',
    needs: ['aws_iam_role_policy'],
    check: (plan) =>
      refuse(
        rightsOf(plan, 'kube-system/aws-load-balancer-controller'),
        ({ statements }) =>
          ['elasticloadbalancing:AddTags', 'elasticloadbalancing:RemoveTags'].some((action) =>
            granting(statements, action).some(
              (one) =>
                !conditioned(one, 'elasticloadbalancing:CreateAction') &&
                !conditioned(one, 'aws:ResourceTag/elbv2.k8s.aws/cluster'),
            ),
          ),
        'may tag any load balancer, and then delete it',
      ),
  },
  {
    id: 'config-delivers',
    title: 'Config delivers to a bucket without Object Lock: it refuses one that has it',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/config/latest/developerguide/manage-delivery-channel.html',
    baseline: ['config'],
    needs: ['aws_config_delivery_channel', 'aws_s3_bucket'],
    check: (plan) => {
      const locked = plan
        .of('aws_s3_bucket')
        .filter(({ values }) => values['object_lock_enabled'] === true)
        .map(({ values }) => values['bucket']);
      return refuse(
        plan.of('aws_config_delivery_channel'),
        ({ values }) => typeof values['s3_bucket_name'] !== 'string' || locked.includes(values['s3_bucket_name']),
        'delivers to a locked bucket, or to one that is not known',
      );
    },
  },
  {
    id: 'bucket-names-are-ours',
    title:
      "Buckets' names hold the account's number, because all of AWS shares one space of names, and fit into 63 characters",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html',
    needs: ['aws_s3_bucket'],
    check: (plan) =>
      refuse(
        plan.of('aws_s3_bucket'),
        ({ values }) => {
          const name = String(values['bucket'] ?? '');
          return (
            !name.includes(String(plan.variable('account_id'))) || !/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)
          );
        },
        'has a name that somebody else may have taken, or that S3 refuses',
      ),
  },
  {
    id: 'names-fit',
    title: 'Names are no longer than AWS takes them',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html',
    needs: ['aws_iam_role', 'aws_eks_cluster'],
    check: (plan) =>
      Object.entries(longest).flatMap(([type, [argument, length]]) =>
        refuse(
          plan.of(type),
          ({ values }) => String(values[argument] ?? '').length > length,
          `has a name of more than ${length} characters`,
        ),
      ),
  },
  {
    id: 'functions-share-concurrency',
    title: "No function reserves executions: of a new account's ten Lambda keeps all unreserved",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html',
    needs: ['aws_lambda_function'],
    check: (plan) =>
      refuse(
        plan.of('aws_lambda_function'),
        ({ values }) => Number(values['reserved_concurrent_executions'] ?? -1) >= 0,
        'reserves executions that a new account does not have',
      ),
  },
  {
    id: 'functions-reach-their-services',
    title: 'A function in subnets without a way out has an endpoint of each service that it calls',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-endpoints.html',
    needs: ['aws_lambda_function', 'aws_vpc_endpoint', 'aws_subnet'],
    check: (plan) =>
      refuse(
        plan.of('aws_lambda_function'),
        (one) => {
          const home = plan.of('aws_subnet').find((subnet) => plan.comesFrom(one, 'vpc_config.subnet_ids', subnet));
          const reached = plan
            .of('aws_vpc_endpoint')
            .filter(({ address, values }) => sameModule(address, home?.address ?? '') && values['service_name'])
            .map(({ values }) => String(values['service_name']).split('.').at(-1) ?? '');
          return calledByFunctions.some((service) => !reached.includes(service));
        },
        `cannot reach ${calledByFunctions.join(', ')}`,
      ),
  },
  {
    id: 'recovery-points-fit-their-lock',
    title: 'A locked vault takes the recovery points of the plan: others fail, one by one, in the night',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html',
    environments: ['staging', 'prod'],
    needs: ['aws_backup_plan', 'aws_backup_vault_lock_configuration'],
    check: (plan) => {
      const days = plan
        .of('aws_backup_plan')
        .flatMap(({ values }) => (values['rule'] ?? []) as readonly Readonly<Record<string, unknown>>[])
        .map((rule) => Number(at(rule, 'lifecycle.delete_after')));
      return refuse(
        plan.of('aws_backup_vault_lock_configuration'),
        ({ values }) =>
          days.some(
            (kept) => !(kept >= Number(values['min_retention_days']) && kept <= Number(values['max_retention_days'])),
          ),
        'refuses what the plan would keep',
      );
    },
  },
  {
    id: 'services-inside',
    title:
      "Services have addresses that network policies allow, and that no VPC has: the agent sees them before the pods'",
    proves: ['AWS limits'],
    source: 'https://github.com/aws/aws-network-policy-agent/issues/549',
    needs: ['aws_eks_cluster', 'aws_vpc'],
    check: (plan) =>
      refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) => {
          const services = at(values, 'kubernetes_network_config.service_ipv4_cidr');
          return (
            !contains(INSIDE, services) || plan.of('aws_vpc').some((vpc) => overlap(vpc.values['cidr_block'], services))
          );
        },
        `gives Services addresses outside of ${INSIDE}, or those of a VPC`,
      ),
  },
  {
    id: 'control-plane-reached',
    title: 'Somebody can reach the API server: from named addresses, or through a node by Session Manager',
    proves: ['AWS limits'],
    source:
      'https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-sessions-start.html#sessions-remote-port-forwarding',
    needs: ['aws_eks_cluster', 'aws_iam_role_policy_attachment'],
    check: (plan) => {
      const managed = plan
        .of('aws_iam_role_policy_attachment')
        .filter(({ values }) => String(values['policy_arn']).endsWith(':policy/AmazonSSMManagedInstanceCore'));
      return refuse(
        plan.of('aws_eks_cluster'),
        ({ address, values }) =>
          at(values, 'vpc_config.endpoint_public_access') !== true &&
          !managed.some((one) => sameModule(one.address, address) && String(one.index).startsWith('node/')),
        'is private, and there is no way in',
      );
    },
  },
  {
    id: 'log-groups-open-their-key',
    title: 'CloudWatch Logs gets its key by the context of encryption, which is all that it documents',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html',
    needs: ['aws_kms_key', 'aws_cloudwatch_log_group'],
    check: (plan) =>
      refuse(
        plan.of('aws_kms_key').filter(({ index }) => index === 'logs'),
        (key) => {
          const own = plan
            .statements(key)
            .filter(({ principals }) =>
              principals.some(({ identifiers }) =>
                identifiers.some((one) => /^logs\.[a-z0-9-]+\.amazonaws\.com$/.test(one)),
              ),
            );
          return (
            own.length === 0 ||
            own.some(({ condition }) =>
              condition.some(({ variable }) => variable !== 'kms:EncryptionContext:aws:logs:arn'),
            )
          );
        },
        'may be refused to every log group',
      ),
  },
  {
    id: 'health-checks-understood',
    title: 'Health checks do not ask by HTTPS: Route 53 speaks TLS 1.2 at most, the edge 1.3 alone',
    proves: ['AWS limits'],
    source:
      'https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html',
    needs: ['aws_route53_zone'],
    check: (plan) =>
      refuse(
        plan.of('aws_route53_health_check'),
        ({ values }) => String(values['type']).startsWith('HTTPS'),
        'fails for ever, and sends everybody to the second region',
      ),
  },
  {
    id: 'recovery-window-kept',
    title: "AWS Backup takes no continuous backups of databases: it would set their retention to its plan's",
    proves: ['AWS limits'],
    source: 'https://github.com/hashicorp/terraform-provider-aws/issues/33465',
    needs: ['aws_backup_plan', 'aws_db_instance'],
    check: (plan) =>
      refuse(
        plan.of('aws_backup_plan'),
        ({ values }) =>
          ((values['rule'] ?? []) as readonly { enable_continuous_backup?: boolean }[]).some(
            ({ enable_continuous_backup: continuous }) => continuous === true,
          ),
        "overrides the databases' own retention",
      ),
  },
  {
    id: 'warehouse-logs-ours',
    title: "Redshift's log groups are made here: those that it makes itself are not encrypted, and kept for ever",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html',
    needs: ['aws_redshift_logging', 'aws_cloudwatch_log_group'],
    check: (plan) => {
      const made = plan.of('aws_cloudwatch_log_group').map(({ values }) => values['name']);
      const clusters = plan.of('aws_redshift_cluster').map(({ values }) => String(values['cluster_identifier']));
      return refuse(
        plan.of('aws_redshift_logging').filter(({ values }) => values['log_destination_type'] === 'cloudwatch'),
        ({ values }) =>
          ((values['log_exports'] ?? []) as string[]).some((log) =>
            clusters.some((cluster) => !made.includes(`/aws/redshift/cluster/${cluster}/${log}`)),
          ),
        'lets Redshift make its own log groups',
      );
    },
  },
  {
    id: 'firewalls-stand-before-something',
    title: 'A web firewall is attached to what can have one, which no network load balancer can',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html',
    needs: ['aws_vpc'],
    check: (plan) =>
      refuse(
        plan.of('aws_wafv2_web_acl'),
        (one) => !plan.of('aws_wafv2_web_acl_association').some((own) => plan.comesFrom(own, 'web_acl_arn', one)),
        'costs money and stops nothing',
      ),
  },
  {
    id: 'topics-heard',
    title: 'Each topic that alarms and budgets speak to has somebody who hears it',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html',
    needs: ['aws_sns_topic', 'aws_sns_topic_subscription'],
    check: (plan) =>
      refuse(
        plan.of('aws_sns_topic'),
        ({ index }) =>
          !plan.of('aws_sns_topic_subscription').some((one) => String(one.index).startsWith(`${String(index)}/`)),
        'speaks to nobody',
      ),
  },
  {
    id: 'budget-of-everything',
    title:
      "The environment's budget counts all of its account: a filter by tag sees nothing before the tag is activated",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html',
    needs: ['aws_budgets_budget'],
    check: (plan) =>
      missing(
        !plan.of('aws_budgets_budget').some(({ values }) => ((values['cost_filter'] ?? []) as unknown[]).length === 0),
        'has no budget that counts what carries no tag',
      ),
  },
];

const sameModule = (one: string, other: string) => moduleOf(one) === moduleOf(other);
const moduleOf = (address: PlannedResource['address']) => /^(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*/.exec(address)?.[0];
