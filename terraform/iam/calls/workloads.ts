import type { Context } from '../policy.ts';
import { bucket, type Call, type Caller, call, ec2, key, type Names, objects, of } from './call.ts';

/** Programs that keep things in S3, read secrets, or prove names: each with its folder, and those of its neighbours. */
export function workloads(names: Names): Caller[] {
  const s3 = (
    who: string,
    source: string,
    version: string,
    kind: string,
    path: string,
    domain: string,
    dangerous: Call[],
  ): Caller => ({
    who,
    source,
    version,
    needed: objects(names, kind, path, domain),
    dangerous,
  });
  const secret = (name: string) => `arn:aws:secretsmanager:${names.region}:${names.account}:secret:${name}-AbCdEf`;
  const others = (path: string, kind = 'data') =>
    call(of('s3', 'GetObject', 'PutObject', 'DeleteObject'), bucket(names, kind, path));
  const proof = (type: string, record: string): Context => ({
    'route53:ChangeResourceRecordSetsRecordTypes': [type],
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': [record],
  });
  const redshift = (what: string) => `arn:aws:redshift:${names.region}:${names.account}:${what}`;
  const zone = 'arn:aws:route53:::hostedzone/Z1';
  return [
    s3(
      'mlops-platform-api',
      'packages/blobs, platform-api/src/predictions',
      'this repository',
      'artifacts',
      'platform/sha256/1',
      'artifacts',
      [
        others('mlflow/1/model.onnx', 'artifacts'),
        others('teams/clinical/x'),
        call('kms:Decrypt', key(names, 'hipaa')),
      ],
    ),
    s3(
      'mlflow-mlflow',
      'https://mlflow.org/docs/latest/self-hosting/architecture/artifact-store/',
      '3',
      'artifacts',
      'mlflow/1/model.onnx',
      'artifacts',
      [others('platform/sha256/1', 'artifacts'), others('teams/clinical/x'), call('kms:Decrypt', key(names, 'data'))],
    ),
    s3(
      'flink-flink',
      'https://nightlies.apache.org/flink/flink-docs-stable/docs/deployment/filesystems/s3/',
      '2',
      'data',
      'flink/checkpoints/1',
      'data',
      [others('teams/data-science/x'), others('feast/x')],
    ),
    s3('monitoring-loki', 'https://grafana.com/docs/loki/latest/configure/storage/', '3.7', 'logs', 'fake/1', 'logs', [
      others('flow-logs/x', 'logs'),
      others('raw/x'),
    ]),
    s3(
      'velero-velero',
      'https://github.com/vmware-tanzu/velero-plugin-for-aws/blob/v1.14.2/README.md',
      '1.14.2, without snapshots of its own',
      'backups',
      'velero/backups/1',
      'backups',
      [
        call(of('ec2', 'CreateSnapshot', 'DeleteSnapshot', 'CreateVolume'), ec2(names, 'volume')),
        others('raw/x'),
        call('s3:DeleteObjectVersion', bucket(names, 'backups', 'velero/1')),
      ],
    ),
    s3('team-data-science-workload', 'docs/how-to', 'this repository', 'data', 'teams/data-science/x', 'data', [
      others('teams/clinical/x'),
      call('s3:PutObject', bucket(names, 'artifacts', 'models/x')),
      call('kms:Decrypt', key(names, 'hipaa')),
    ]),
    {
      who: 'team-clinical-workload',
      source: 'docs/how-to',
      version: 'this repository',
      needed: [
        call('s3:PutObject', bucket(names, 'data', 'teams/clinical/x'), {
          's3:x-amz-server-side-encryption-aws-kms-key-id': key(names, 'hipaa'),
        }),
        call('s3:GetObject', bucket(names, 'data', 'teams/clinical/x')),
        call(of('kms', 'Decrypt', 'GenerateDataKey'), key(names, 'hipaa')),
      ],
      dangerous: [
        call('s3:PutObject', bucket(names, 'data', 'teams/clinical/x')),
        call('s3:PutObject', bucket(names, 'data', 'teams/clinical/x'), {
          's3:x-amz-server-side-encryption-aws-kms-key-id': key(names, 'data'),
        }),
        call('s3:GetObject', bucket(names, 'data', 'teams/clinical/x'), { 'aws:SecureTransport': 'false' }),
        others('teams/data-science/x'),
        call('kms:Decrypt', key(names, 'pci')),
      ],
    },
    ...['feast-feast-features', 'feast-feast-materialise'].map(
      (who): Caller => ({
        who,
        source: 'https://docs.feast.dev/reference/offline-stores/redshift',
        version: '0.66',
        needed: [
          ...objects(names, 'data', 'feast/1', 'data'),
          call('s3:GetObject', bucket(names, 'data', 'processed/x')),
          call(
            of('redshift-data', 'ExecuteStatement', 'BatchExecuteStatement'),
            redshift(`cluster:${names.name}-offline`),
          ),
          call(of('redshift-data', 'DescribeStatement', 'GetStatementResult'), '*', {
            'aws:userid': 'AROA:1',
            'redshift-data:statement-owner-iam-userid': 'AROA:1',
          }),
          ...[`dbuser:${names.name}-offline/feast`, `dbname:${names.name}-offline/features`].map((what) =>
            call('redshift:GetClusterCredentials', redshift(what)),
          ),
        ],
        dangerous: [
          call('redshift:GetClusterCredentials', redshift(`dbuser:${names.name}-offline/mlops`)),
          call('redshift-data:GetStatementResult', '*', {
            'aws:userid': 'AROA:1',
            'redshift-data:statement-owner-iam-userid': 'AROB:2',
          }),
          call('s3:PutObject', bucket(names, 'data', 'processed/x')),
          others('teams/clinical/x'),
        ],
      }),
    ),
    {
      who: 'external-secrets-external-secrets',
      source: 'https://external-secrets.io/latest/provider/aws-secrets-manager/',
      version: '2.9.0',
      needed: [
        call(
          of('secretsmanager', 'GetSecretValue', 'DescribeSecret'),
          secret(`mlops/${names.environment}/mlflow-database`),
        ),
        call('secretsmanager:GetSecretValue', secret('mlops/rds-ca-bundle')),
        call('kms:Decrypt', key(names, 'secrets')),
      ],
      dangerous: [
        call('secretsmanager:GetSecretValue', secret('mlops/other/mlflow-database')),
        call('kms:Decrypt', key(names, 'data')),
      ],
    },
    {
      who: 'cert-manager-cert-manager',
      source: 'https://cert-manager.io/docs/configuration/acme/dns01/route53/',
      version: '1.21.1',
      needed: [
        call('route53:GetChange', 'arn:aws:route53:::change/C1'),
        call('route53:ListHostedZonesByName'),
        call('route53:ListResourceRecordSets', zone),
        ...[`_acme-challenge.${names.domain}`, `_acme-challenge.models.${names.domain}`].map((record) =>
          call('route53:ChangeResourceRecordSets', zone, proof('TXT', record)),
        ),
      ],
      dangerous: [
        call('route53:ChangeResourceRecordSets', zone, proof('A', names.domain)),
        call('route53:ChangeResourceRecordSets', zone, proof('TXT', names.domain)),
        call('route53:ChangeResourceRecordSets', zone, proof('TXT', '_acme-challenge.somebody.else')),
        call('route53:DeleteHostedZone', zone),
      ],
    },
  ];
}
