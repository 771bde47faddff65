import { at } from './plan-view.ts';
import { type Policy, refuse } from './policy.ts';

const atRest = ['HIPAA 164.312(a)(2)(iv)', 'ADR-007'] as const;
const notOurKey = 'is not encrypted with a key of ours';

export const encryption: readonly Policy[] = [
  {
    id: 'databases-encrypted',
    title: 'PostgreSQL, Redis and Redshift are encrypted with our keys',
    proves: [...atRest, 'CIS 2.3.1', 'ADR-004'],
    needs: ['aws_db_instance', 'aws_elasticache_replication_group', 'aws_redshift_cluster'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_db_instance'),
        (one) => one.values['storage_encrypted'] !== true || !plan.hasOwnKey(one, 'kms_key_id'),
        notOurKey,
      ),
      ...refuse(
        plan.of('aws_elasticache_replication_group'),
        (one) => String(one.values['at_rest_encryption_enabled']) !== 'true' || !plan.hasOwnKey(one, 'kms_key_id'),
        notOurKey,
      ),
      ...refuse(
        plan.of('aws_redshift_cluster'),
        (one) => String(one.values['encrypted']) !== 'true' || !plan.hasOwnKey(one, 'kms_key_id'),
        notOurKey,
      ),
    ],
  },
  {
    id: 'insights-encrypted',
    title: 'What Performance Insights keeps of statements is encrypted with our keys',
    proves: [...atRest],
    needs: ['aws_db_instance'],
    check: (plan) =>
      refuse(
        plan.of('aws_db_instance'),
        (one) =>
          one.values['performance_insights_enabled'] === true &&
          !plan.hasOwnKey(one, 'performance_insights_kms_key_id'),
        notOurKey,
      ),
  },
  {
    id: 'volumes-encrypted',
    title: "Nodes' disks are encrypted with our keys, and so is every other volume of the account",
    proves: [...atRest, 'CIS 2.2.1'],
    needs: ['aws_launch_template', 'aws_ebs_encryption_by_default', 'aws_ebs_default_kms_key'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_launch_template'),
        (one) =>
          String(at(one.values, 'block_device_mappings.ebs.encrypted')) !== 'true' ||
          !plan.hasOwnKey(one, 'block_device_mappings.ebs.kms_key_id'),
        notOurKey,
      ),
      ...refuse(
        plan.of('aws_ebs_encryption_by_default'),
        ({ values }) => values['enabled'] !== true,
        'leaves new volumes unencrypted',
      ),
      ...refuse(plan.of('aws_ebs_default_kms_key'), (one) => !plan.hasOwnKey(one, 'key_arn'), notOurKey),
    ],
  },
  {
    id: 'buckets-encrypted',
    title: 'Buckets are encrypted with our keys; those for access logs, which S3 cannot write otherwise, with S3’s',
    proves: [...atRest, 'ADR-004'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_server_side_encryption_configuration'],
    check: (plan) =>
      refuse(
        plan.of('aws_s3_bucket'),
        (bucket) => {
          const own = plan.companion(bucket, 'aws_s3_bucket_server_side_encryption_configuration');
          const algorithm = own && at(own.values, 'rule.apply_server_side_encryption_by_default.sse_algorithm');
          if (String(bucket.index) === 'access-logs') return algorithm === undefined;
          return (
            algorithm !== 'aws:kms' ||
            !own ||
            !plan.hasOwnKey(own, 'rule.apply_server_side_encryption_by_default.kms_master_key_id')
          );
        },
        notOurKey,
      ),
  },
  {
    id: 'secrets-encrypted',
    title: 'Secrets are encrypted with our keys, in Secrets Manager and in the cluster',
    proves: [...atRest, 'ADR-008'],
    needs: ['aws_secretsmanager_secret', 'aws_eks_cluster'],
    check: (plan) => [
      ...refuse(plan.of('aws_secretsmanager_secret'), (one) => !plan.hasOwnKey(one, 'kms_key_id'), notOurKey),
      ...refuse(
        plan.of('aws_eks_cluster'),
        (one) =>
          !((at(one.values, 'encryption_config.resources') ?? []) as string[]).includes('secrets') ||
          !plan.hasOwnKey(one, 'encryption_config.provider.key_arn'),
        "keeps the cluster's secrets without a key of ours",
      ),
    ],
  },
  {
    id: 'logs-and-messages-encrypted',
    title: 'Log groups, topics and queues are encrypted with our keys',
    proves: [...atRest],
    needs: ['aws_cloudwatch_log_group', 'aws_sns_topic', 'aws_sqs_queue'],
    check: (plan) => [
      ...refuse(plan.of('aws_cloudwatch_log_group'), (one) => !plan.hasOwnKey(one, 'kms_key_id'), notOurKey),
      ...refuse(
        plan.of('aws_sns_topic', 'aws_sqs_queue'),
        (one) => !plan.hasOwnKey(one, 'kms_master_key_id'),
        notOurKey,
      ),
    ],
  },
  {
    id: 'backups-encrypted',
    title: 'Recovery points are encrypted with our keys',
    proves: [...atRest, 'HIPAA 164.308(a)(7)(ii)(A)'],
    needs: ['aws_backup_vault'],
    check: (plan) => refuse(plan.of('aws_backup_vault'), (one) => !plan.hasOwnKey(one, 'kms_key_arn'), notOurKey),
  },
  {
    id: 'keys-rotate',
    title: 'Keys rotate, and a deletion can be called off for a week',
    proves: [...atRest, 'CIS 3.6'],
    needs: ['aws_kms_key'],
    check: (plan) => [
      ...refuse(plan.of('aws_kms_key'), ({ values }) => values['enable_key_rotation'] !== true, 'does not rotate'),
      ...refuse(
        plan.of('aws_kms_key'),
        ({ values }) => Number(values['deletion_window_in_days'] ?? 30) < 7,
        'is gone before anybody notices',
      ),
    ],
  },
  {
    id: 'keys-for-one-purpose',
    title:
      'Data, artifacts, databases, secrets, logs and regulated data each have a key of their own, which not everybody may use',
    proves: ['HIPAA 164.312(a)(1)', 'ADR-003', 'ADR-007'],
    needs: ['aws_kms_key'],
    check: (plan) => {
      const keys = plan.of('aws_kms_key');
      const purposes = new Set(keys.map(({ index }) => String(index)));
      const everybody = (one: (typeof keys)[number]) =>
        plan
          .statements(one)
          .some(
            ({ effect, principals, condition }) =>
              effect !== 'Deny' &&
              condition.length === 0 &&
              principals.some(({ identifiers }) => identifiers.includes('*')),
          );
      return [
        ...refuse(
          keys,
          (one) => plan.statements(one).length === 0 || everybody(one),
          'may be used by everybody, or its policy is not written down',
        ),
        ...['data', 'artifacts', 'rds', 'secrets', 'logs', 'audit', 'hipaa', 'pci']
          .filter((purpose) => !purposes.has(purpose))
          .map((purpose) => ({ address: 'the plan', message: `has no key for ${purpose}` })),
      ];
    },
  },
];
