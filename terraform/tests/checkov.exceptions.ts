interface Exception {
  readonly reason: string;
  /** Addresses of the only resources that may break the rule; `*` stands for any part of an address. */
  readonly resources: readonly string[];
  /** Where; everywhere by default. */
  readonly environments?: readonly string[];
}

const boundary: Exception = {
  reason:
    'A permissions boundary grants nothing: it is the most that a policy of a workload can grant, and lists what all of them need together.',
  resources: ['module.platform*module.access*.boundary'],
};

const keyPolicy: Exception = {
  reason: "In a key's policy the resource * means this key.",
  resources: ['module.*kms*.aws_iam_policy_document.key'],
};

const withoutResource: Exception = {
  reason: 'The three statements on * are for calls that name no resource, or one that Lambda itself makes.',
  resources: ['module.platform*module.rotation*.aws_iam_policy_document.rotate'],
};

/** Checkov's rules that are not kept, each with its reason and the only resources that may break it. */
export const exceptions: Readonly<Record<string, readonly Exception[]>> = {
  CKV2_AWS_3: [
    {
      reason:
        'Checkov asks for a delegated administrator of GuardDuty, which the organisation names; the detectors are on in each region.',
      resources: ['module.account.module.security*.aws_guardduty_detector.this*'],
    },
  ],
  CKV2_AWS_38: [
    {
      reason:
        'A signed zone proves nothing until its parent holds the DS record, and the parent is with a registrar that is not ours; signed without it, a mistake takes the domain off the net.',
      resources: ['module.account.module.dns.aws_route53_zone.this'],
    },
  ],
  CKV2_AWS_48: [
    {
      reason:
        'IAM is the same in all regions: the recorder of the first one records it, as AWS advises, and not two of them.',
      resources: ['module.account.module.security_secondary*.aws_config_configuration_recorder.this*'],
      environments: ['prod'],
    },
  ],
  CKV2_AWS_50: [
    {
      reason:
        'The development environment has reduced redundancy: one Redis node, which is filled again from the offline store.',
      resources: ['module.platform.module.redis.aws_elasticache_replication_group.this'],
      environments: ['dev'],
    },
  ],
  CKV2_AWS_57: [
    {
      reason:
        'Passwords, keys and addresses of others (PagerDuty, Slack, Kafka) that AWS cannot rotate; those who fill them in change them.',
      resources: ['module.platform*module.access*.aws_secretsmanager_secret.by_hand*'],
    },
    {
      reason:
        'They rotate within 30 days (policy passwords-rotate): checkov cannot see to which secret a rotation belongs before the apply.',
      resources: [
        'module.platform.module.rds.aws_secretsmanager_secret.database*',
        'module.platform*module.redis*.aws_secretsmanager_secret.this',
      ],
    },
    {
      reason: 'It holds an address and no password: Redshift is reached with a role.',
      resources: ['module.platform.module.redshift.aws_secretsmanager_secret.this'],
    },
  ],
  CKV2_AWS_62: [
    {
      reason: 'Nothing waits for events of objects.',
      resources: [
        'module.platform.module.s3.aws_s3_bucket.this["artifacts"]',
        'module.platform.module.s3.aws_s3_bucket.this["data"]',
        'module.*.module.s3.aws_s3_bucket.replica*',
        'module.account.module.s3.aws_s3_bucket.this["access-logs"]',
        'module.account.module.s3.aws_s3_bucket.this["audit"]',
        'module.platform.module.s3.aws_s3_bucket.this["backups"]',
        'module.account.module.s3.aws_s3_bucket.this["config"]',
        'module.platform.module.s3.aws_s3_bucket.this["logs"]',
      ],
    },
  ],
  CKV_AWS_111: [keyPolicy, withoutResource],
  CKV_AWS_116: [
    {
      reason: 'Secrets Manager calls it, tries again by itself, and reports a failed rotation in CloudTrail.',
      resources: ['module.platform*module.rotation*.aws_lambda_function.this'],
    },
  ],
  CKV_AWS_144: [
    {
      reason: 'Only production survives the loss of a region; elsewhere only the backups have a copy.',
      resources: [
        'module.platform.module.s3.aws_s3_bucket.this["artifacts"]',
        'module.account.module.s3.aws_s3_bucket.this["audit"]',
        'module.platform.module.s3.aws_s3_bucket.this["data"]',
      ],
      environments: ['dev', 'staging'],
    },
    {
      reason: 'Logs are not needed to go on in another region; what must outlive everything is in the audit bucket.',
      resources: [
        'module.account.module.s3.aws_s3_bucket.this["access-logs"]',
        'module.account.module.s3.aws_s3_bucket.this["config"]',
        'module.platform.module.s3.aws_s3_bucket.this["logs"]',
      ],
    },
    {
      reason: 'A copy needs no copy of its own.',
      resources: ['module.*.module.s3.aws_s3_bucket.replica*'],
    },
  ],
  CKV_AWS_145: [
    {
      reason: "S3 delivers its access logs only to buckets that are encrypted with S3's own key.",
      resources: ['module.account.module.s3.aws_s3_bucket.this["access-logs"]'],
    },
  ],
  CKV_AWS_157: [
    {
      reason: 'The development environment has reduced redundancy.',
      resources: ['module.platform.module.rds.aws_db_instance.this["shared"]'],
      environments: ['dev'],
    },
    {
      reason: 'A replica is itself the second copy; the runbook gives it a standby when it is promoted.',
      resources: ['module.platform.module.rds.aws_db_instance.replica*'],
      environments: ['prod'],
    },
  ],
  CKV_AWS_18: [
    {
      reason: 'A log of the log of accesses would never end.',
      resources: ['module.account.module.s3.aws_s3_bucket.this["access-logs"]'],
    },
    {
      reason:
        'Copies are written by replication alone. Who reads those of data and artifacts is in the audit trail; backups are read by the role of Velero alone, and the copy of the audit trail would record its own recording.',
      resources: ['module.*.module.s3.aws_s3_bucket.replica*'],
    },
  ],
  CKV_AWS_252: [
    {
      reason: 'A message for every log file tells nobody anything; alarms on the trail do (policy changes-alarm).',
      resources: ['module.account.module.security.aws_cloudtrail.this[0]'],
    },
  ],
  CKV_AWS_272: [
    {
      reason:
        "The function's package is built from this repository, and a plan shows its hash; a signing profile would belong to the organisation.",
      resources: ['module.platform*module.rotation*.aws_lambda_function.this'],
    },
  ],
  CKV_AWS_286: [boundary],
  CKV_AWS_288: [boundary],
  CKV_AWS_289: [boundary],
  CKV_AWS_290: [boundary],
  CKV_AWS_293: [
    {
      reason: 'The development environment can be destroyed and made again.',
      resources: ['module.platform.module.rds.aws_db_instance.this["shared"]'],
      environments: ['dev'],
    },
  ],
  CKV_AWS_355: [boundary],
  CKV_AWS_356: [keyPolicy, withoutResource],
  CKV_AWS_71: [
    {
      reason:
        'Checkov looks for a block that the provider has removed; aws_redshift_logging does it (policy stores-logged).',
      resources: ['module.platform.module.redshift.aws_redshift_cluster.this'],
    },
  ],
};
