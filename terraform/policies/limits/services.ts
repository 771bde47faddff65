import { at } from '../plan-view.ts';
import { missing, type Policy, refuse } from '../policy.ts';

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

/** Names, numbers and settings that a service refuses, or silently takes otherwise. */
export const services: readonly Policy[] = [
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
