import { regionOf } from '../configuration.ts';
import type { PlannedResource } from '../terraform.ts';
import { at } from './plan-view.ts';
import { missing, type Policy, refuse } from './policy.ts';

interface LifecycleRule {
  readonly status: string;
  readonly filter: readonly { readonly prefix?: string }[];
  readonly transition: readonly { readonly days: number }[];
}

/** Whether what lies under a prefix leaves the standard storage class within 90 days. */
function movesAway(lifecycle: PlannedResource | undefined, prefix: string): boolean {
  const rules = (lifecycle?.values['rule'] ?? []) as readonly LifecycleRule[];
  return rules.some(
    ({ status, filter, transition }) =>
      status === 'Enabled' && filter[0]?.prefix === prefix && transition.some(({ days }) => days <= 90),
  );
}

export const continuity: readonly Policy[] = [
  {
    id: 'backups',
    title: 'Databases can be restored to any minute of a week, caches and volumes to a day',
    proves: ['HIPAA 164.308(a)(7)(ii)(A)', 'ADR-004'],
    needs: ['aws_db_instance', 'aws_elasticache_replication_group', 'aws_backup_plan', 'aws_backup_selection'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_db_instance'),
        ({ values }) => Number(values['backup_retention_period'] ?? 0) < 7,
        'cannot be restored to any minute of a week',
      ),
      ...refuse(
        plan.of('aws_elasticache_replication_group'),
        ({ values }) => Number(values['snapshot_retention_limit'] ?? 0) < 1,
        'has no daily snapshot',
      ),
      ...refuse(
        plan.of('aws_backup_plan'),
        ({ values }) => ((values['rule'] ?? []) as unknown[]).length === 0,
        'has no rule',
      ),
    ],
  },
  {
    id: 'volumes-backed-up',
    title:
      'Volumes that the cluster makes carry the tag by which AWS Backup finds them: no snapshot of the cluster leaves its region',
    proves: ['HIPAA 164.308(a)(7)(ii)(A)', 'ADR-004'],
    source: 'https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md',
    needs: ['aws_eks_addon', 'aws_backup_selection'],
    check: (plan) => {
      const selected = plan
        .of('aws_backup_selection')
        .flatMap(({ values }) => (values['selection_tag'] ?? []) as readonly { key: string; value: string }[]);
      return refuse(
        plan.of('aws_eks_addon').filter(({ values }) => values['addon_name'] === 'aws-ebs-csi-driver'),
        ({ values }) => {
          const { controller } = JSON.parse(String(values['configuration_values'] ?? '{}')) as {
            controller?: { extraVolumeTags?: Readonly<Record<string, string>> };
          };
          return !selected.some(({ key, value }) => controller?.extraVolumeTags?.[key] === value);
        },
        'makes volumes that nothing backs up',
      );
    },
  },
  {
    id: 'versions-kept',
    title: 'What is overwritten or deleted in a bucket is kept for a while, and not for ever',
    proves: ['HIPAA 164.312(c)(1)', 'ADR-004', 'ADR-009'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_versioning', 'aws_s3_bucket_lifecycle_configuration'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_s3_bucket'),
        (bucket) => {
          const versioning = plan.companion(bucket, 'aws_s3_bucket_versioning');
          return !versioning || at(versioning.values, 'versioning_configuration.status') !== 'Enabled';
        },
        'keeps no versions',
      ),
      ...refuse(
        plan.of('aws_s3_bucket'),
        (bucket) => {
          const rules = (plan.companion(bucket, 'aws_s3_bucket_lifecycle_configuration')?.values['rule'] ??
            []) as readonly Record<string, unknown[]>[];
          return (
            !rules.some((rule) => (rule['noncurrent_version_expiration'] ?? []).length > 0) ||
            !rules.some((rule) => (rule['abort_incomplete_multipart_upload'] ?? []).length > 0)
          );
        },
        'keeps old versions or unfinished uploads for ever',
      ),
    ],
  },
  {
    id: 'production-survives-a-zone',
    title: 'Production goes on when a zone fails',
    proves: ['HIPAA 164.308(a)(7)(ii)(C)', 'ADR-004'],
    environments: ['prod'],
    needs: ['aws_db_instance', 'aws_elasticache_replication_group', 'aws_nat_gateway', 'aws_subnet'],
    check: (plan) => {
      const zones = new Set(plan.of('aws_subnet').map(({ values }) => values['availability_zone']));
      return [
        ...refuse(
          plan.of('aws_db_instance').filter((one) => !plan.isSet(one, 'replicate_source_db')),
          ({ values }) => values['multi_az'] !== true,
          'stands in one zone',
        ),
        ...refuse(
          plan.of('aws_elasticache_replication_group'),
          ({ values }) =>
            values['multi_az_enabled'] !== true ||
            values['automatic_failover_enabled'] !== true ||
            Number(values['num_cache_clusters']) < 2,
          'does not fail over to another zone',
        ),
        ...missing(
          plan.of('aws_nat_gateway').length < zones.size,
          'has zones that reach the internet through another zone',
        ),
      ];
    },
  },
  {
    id: 'production-survives-a-region',
    title: 'Data, models, audit, databases and the warehouse have a copy in the second region',
    proves: ['HIPAA 164.308(a)(7)(ii)(B)', 'ADR-004', 'ADR-007'],
    environments: ['prod'],
    needs: [
      'aws_s3_bucket_replication_configuration',
      'aws_db_instance',
      'aws_redshift_snapshot_copy',
      'aws_eks_cluster',
      'aws_elasticache_replication_group',
      'aws_backup_plan',
    ],
    check: (plan) => {
      const copied = new Set(plan.of('aws_s3_bucket_replication_configuration').map(({ index }) => index));
      const instances = plan.of('aws_db_instance');
      const replicas = instances.filter((one) => plan.isSet(one, 'replicate_source_db'));
      const home = plan.variable('region');
      return [
        ...['data', 'artifacts', 'audit', 'backups'].flatMap((bucket) =>
          missing(!copied.has(bucket), `does not copy the bucket ${bucket}`),
        ),
        ...refuse(
          plan.of('aws_s3_bucket_replication_configuration'),
          ({ values }) =>
            at(values, 'rule.status') !== 'Enabled' ||
            at(values, 'rule.destination.replication_time.status') !== 'Enabled',
          'does not promise to copy within 15 minutes',
        ),
        ...refuse(replicas, (one) => regionOf(plan.plan, one) === home, 'is in the region that it should survive'),
        ...missing(replicas.length * 2 < instances.length, 'has a database without a replica'),
        ...missing(
          !plan.of('aws_eks_cluster').some((one) => regionOf(plan.plan, one) !== home),
          'has no cluster in the second region',
        ),
        ...missing(
          !plan.of('aws_elasticache_replication_group').some((one) => regionOf(plan.plan, one) !== home),
          'has no online store in the second region',
        ),
        ...refuse(
          plan.of('aws_secretsmanager_secret').filter(({ name }) => name === 'by_hand' || name === 'database'),
          ({ values }) => ((values['replica'] ?? []) as unknown[]).length === 0,
          'is in one region only',
        ),
        ...refuse(
          plan.of('aws_backup_plan'),
          ({ values }) =>
            !((values['rule'] ?? []) as readonly { copy_action?: readonly unknown[] }[]).some(
              ({ copy_action: copies = [] }) => copies.length > 0,
            ),
          'copies nothing to the second region',
        ),
      ];
    },
  },
  {
    id: 'production-not-deleted-by-mistake',
    title: "Production's databases and recovery points cannot be deleted by mistake",
    proves: ['HIPAA 164.312(c)(1)', 'ADR-007'],
    environments: ['prod'],
    needs: [
      'aws_db_instance',
      'aws_redshift_cluster',
      'aws_s3_bucket',
      'aws_backup_vault',
      'aws_backup_vault_lock_configuration',
    ],
    check: (plan) => [
      ...refuse(plan.of('aws_db_instance'), ({ values }) => values['deletion_protection'] !== true, 'can be deleted'),
      ...refuse(
        plan.of('aws_redshift_cluster'),
        ({ values }) => values['skip_final_snapshot'] !== false,
        'can be deleted without a last snapshot',
      ),
      ...refuse(
        plan.of('aws_s3_bucket'),
        ({ values }) => values['force_destroy'] === true,
        'can be deleted with all that is in it',
      ),
      ...refuse(
        plan.of('aws_backup_vault'),
        (one) => !plan.companion(one, 'aws_backup_vault_lock_configuration'),
        'is not locked',
      ),
    ],
  },
  {
    id: 'online-features-stay',
    title: 'A feature that was written stays: Redis refuses writes when it is full, and evicts nothing',
    proves: ['ADR-004'],
    needs: ['aws_elasticache_parameter_group'],
    check: (plan) =>
      refuse(
        plan.of('aws_elasticache_parameter_group'),
        ({ values }) =>
          !(values['parameter'] as readonly { name: string; value: string }[]).some(
            ({ name, value }) => name === 'maxmemory-policy' && value === 'noeviction',
          ),
        'evicts features',
      ),
  },
  {
    id: 'zones-tiered',
    title: 'Raw data moves to cheaper storage after 90 days, as do processed data and models that are not read',
    proves: ['ADR-004', 'ADR-009'],
    needs: ['aws_s3_bucket', 'aws_s3_bucket_lifecycle_configuration'],
    check: (plan) => {
      const zones = [
        ['data', 'raw/'],
        ['data', 'processed/'],
        ['artifacts', 'models/'],
      ];
      return zones.flatMap(([bucket, prefix]) =>
        refuse(
          plan.of('aws_s3_bucket').filter(({ name, index }) => name === 'this' && index === bucket),
          (one) => !movesAway(plan.companion(one, 'aws_s3_bucket_lifecycle_configuration'), prefix ?? ''),
          `leaves ${prefix} in the dearest storage class`,
        ),
      );
    },
  },
  {
    id: 'security-updates',
    title: 'Databases and caches take minor versions by themselves',
    proves: ['CIS 2.3.2', 'ADR-007'],
    needs: ['aws_db_instance', 'aws_elasticache_replication_group'],
    check: (plan) =>
      refuse(
        plan.of('aws_db_instance', 'aws_elasticache_replication_group'),
        ({ values }) => String(values['auto_minor_version_upgrade']) !== 'true',
        'stays on a minor version',
      ),
  },
];
