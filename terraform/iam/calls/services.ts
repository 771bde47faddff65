import { bucket, type Caller, call, key, type Names, of } from './call.ts';

/** Service-linked roles and services that come by themselves: they have what keys, buckets, topics and queues give them. */
export function services(names: Names): Caller[] {
  const viaEc2 = { 'kms:ViaService': `ec2.${names.region}.amazonaws.com`, 'kms:CallerAccount': names.account };
  const forUs = { 'aws:SourceAccount': names.account };
  const volumes = ['volumes', 'hipaa', 'pci'].map((domain) => key(names, domain));
  const used = of('kms', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo');
  const trail = {
    ...forUs,
    'aws:SourceArn': `arn:aws:cloudtrail:${names.region}:${names.account}:trail/mlops-account`,
  };
  const audit = `arn:aws:s3:::mlops-account-audit-${names.account}`;
  const topic = (kind: string) => `arn:aws:sns:${names.region}:${names.account}:mlops-account-${kind}`;
  const group = (of_: string) => ({
    'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:${names.region}:${of_}:log-group:/aws/eks/${names.name}/cluster`,
  });
  return [
    {
      who: 'role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling',
      source: 'https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html',
      version: '2026-11',
      needed: volumes.flatMap((one) => [
        call(used, one, viaEc2),
        call('kms:CreateGrant', one, { ...viaEc2, 'kms:GrantIsForAWSResource': 'true' }),
      ]),
      dangerous: [
        ...volumes.flatMap((one) => [
          call('kms:CreateGrant', one, viaEc2),
          call('kms:Decrypt', one, { ...viaEc2, 'kms:ViaService': 's3.us-east-1.amazonaws.com' }),
        ]),
        call(used, key(names, 'data'), viaEc2),
      ],
    },
    {
      who: 'cloudtrail.amazonaws.com',
      source: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html',
      version: '2026-11',
      needed: [
        call('s3:PutObject', `${audit}/cloudtrail/AWSLogs/1`, trail),
        call('s3:GetBucketAcl', audit, trail),
        call('kms:GenerateDataKey', key(names, 'account/audit'), trail),
      ],
      dangerous: [
        call('s3:PutObject', `${audit}/cloudtrail/AWSLogs/1`, { ...trail, 'aws:SourceAccount': '999999999999' }),
        call('kms:GenerateDataKey', key(names, 'account/audit'), { 'aws:SourceAccount': '999999999999' }),
        call('kms:GenerateDataKey', key(names, 'data'), trail),
      ],
    },
    {
      who: `logs.${names.region}.amazonaws.com`,
      source: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html',
      version: '2026-11',
      needed: [
        call(
          of('kms', 'Encrypt', 'Decrypt', 'ReEncryptFrom', 'ReEncryptTo', 'GenerateDataKey', 'DescribeKey'),
          key(names, 'logs'),
          group(names.account),
        ),
      ],
      dangerous: [
        call('kms:Decrypt', key(names, 'logs'), group('999999999999')),
        call('kms:Decrypt', key(names, 'data'), group(names.account)),
      ],
    },
    {
      who: 'delivery.logs.amazonaws.com',
      source: 'https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html',
      version: '2026-11',
      needed: [
        call('s3:PutObject', bucket(names, 'logs', 'flow-logs/1'), {
          ...forUs,
          'aws:SourceArn': `arn:aws:logs:${names.region}:${names.account}:x`,
        }),
        call('kms:GenerateDataKey', key(names, 'logs'), forUs),
      ],
      dangerous: [call('s3:PutObject', bucket(names, 'logs', 'flow-logs/1'), { 'aws:SourceAccount': '999999999999' })],
    },
    {
      who: 'events.amazonaws.com',
      source: 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html',
      version: '2026-11',
      needed: [
        call('sqs:SendMessage', `arn:aws:sqs:${names.region}:${names.account}:${names.name}-karpenter`, forUs),
        call(of('kms', 'Decrypt', 'GenerateDataKey'), key(names, 'notifications'), forUs),
      ],
      dangerous: [
        call('sqs:SendMessage', `arn:aws:sqs:${names.region}:${names.account}:${names.name}-karpenter`, {
          ...forUs,
          'aws:SecureTransport': 'false',
        }),
      ],
    },
    ...['cloudwatch.amazonaws.com', 'budgets.amazonaws.com', 'costalerts.amazonaws.com'].map(
      (who): Caller => ({
        who,
        source: 'https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html',
        version: '2026-11',
        needed: [
          call('sns:Publish', topic('warning'), forUs),
          call(of('kms', 'Decrypt', 'GenerateDataKey'), key(names, 'account/notifications'), forUs),
        ],
        dangerous: [call('sns:Publish', topic('critical'), { 'aws:SourceAccount': '999999999999' })],
      }),
    ),
  ];
}
