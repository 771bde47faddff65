import type { Context } from '../policy.ts';

/** What stands in the ARNs of an environment. */
export interface Names {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly environment: string;
  readonly domain: string;
  readonly vpc: string;
  /** Key ARN by domain: the environment's, and of the module account `audit` and so on under `account/audit`. */
  readonly keys: Readonly<Record<string, string>>;
}

/** A call, or several on the same resource and in the same circumstances. */
export interface Call {
  readonly actions: readonly string[];
  readonly resource: string;
  readonly context?: Context;
}

/** Who calls AWS, what its program calls, where that is said, and what it must never be able to do. */
export interface Caller {
  /** Name of the role, without the environment's prefix, or of a service. */
  readonly who: string;
  readonly source: string;
  readonly version: string;
  readonly needed: readonly Call[];
  readonly dangerous: readonly Call[];
}

export const call = (actions: string | readonly string[], resource = '*', context?: Context): Call => ({
  actions: [actions].flat(),
  resource,
  ...(context && { context }),
});

export const of = (service: string, ...names: readonly string[]) => names.map((name) => `${service}:${name}`);
export const bucket = ({ name, account }: Names, kind: string, path?: string) =>
  `arn:aws:s3:::${name}-${kind}-${account}${path === undefined ? '' : `/${path}`}`;
export const ec2 = ({ region, account }: Names, kind: string, id = '1') =>
  `arn:aws:ec2:${region}:${account}:${kind}/${id}`;
export const iam = ({ account }: Names, path: string) => `arn:aws:iam::${account}:${path}`;
export const key = ({ keys }: Names, domain: string) => keys[domain] ?? `no key ${domain}`;
/** Tags in a request, or those of the resource, which EC2 knows by a key of its own, too. */
export const tags = (where: 'RequestTag' | 'ResourceTag', own: Readonly<Record<string, string>>): Context =>
  Object.fromEntries(
    Object.entries(own).flatMap(([name, value]) => [
      [`aws:${where}/${name}`, value],
      ...(where === 'ResourceTag' ? [[`ec2:ResourceTag/${name}`, value]] : []),
    ]),
  ) as Context;

/** What everybody who keeps objects in S3 does in a folder, and with the bucket's key. */
export const objects = (names: Names, kind: string, path: string, domain: string): Call[] => [
  call(
    of('s3', 'GetObject', 'PutObject', 'DeleteObject', 'AbortMultipartUpload', 'ListMultipartUploadParts'),
    bucket(names, kind, path),
  ),
  call(of('s3', 'ListBucket'), bucket(names, kind)),
  // S3 asks KMS in the caller's name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
  call(of('kms', 'Decrypt', 'GenerateDataKey'), key(names, domain)),
];

/** What no workload may do, whatever it is. */
export const forbidden = (names: Names): Call[] => [
  call(
    of(
      'iam',
      'CreateUser',
      'CreateAccessKey',
      'CreateRole',
      'PutRolePolicy',
      'AttachRolePolicy',
      'UpdateAssumeRolePolicy',
    ),
    iam(names, 'role/anybody'),
  ),
  call('iam:DeleteRolePermissionsBoundary', iam(names, `role/${names.name}-mlflow-mlflow`)),
  call('sts:AssumeRole', iam(names, 'role/platform-administrators')),
  call(
    of('cloudtrail', 'StopLogging', 'DeleteTrail'),
    `arn:aws:cloudtrail:${names.region}:${names.account}:trail/mlops-account`,
  ),
  call(of('kms', 'ScheduleKeyDeletion', 'PutKeyPolicy', 'DisableKey'), key(names, 'data')),
  call(
    of('s3', 'GetObject', 'PutObject', 'DeleteObject'),
    `arn:aws:s3:::mlops-account-audit-${names.account}/cloudtrail/log.gz`,
  ),
  call('s3:GetObject', `arn:aws:s3:::${names.name}-terraform-state-${names.account}/prod/terraform.tfstate`),
  call('s3:PutBucketPolicy', bucket(names, 'data')),
  call(
    of('secretsmanager', 'PutSecretValue', 'DeleteSecret'),
    `arn:aws:secretsmanager:${names.region}:${names.account}:secret:mlops/${names.environment}/mlflow-database-AbCdEf`,
  ),
  call('eks:CreateAccessEntry', `arn:aws:eks:${names.region}:${names.account}:cluster/${names.name}`),
];
