import { bucket, type Caller, call, forbidden, iam, key, type Names, of } from './call.ts';

/** The roles of CI: what Terraform does with each, and what each must not. */
export function workflows(names: Names): Caller[] {
  const state = `arn:aws:s3:::${names.name}-terraform-state-${names.account}/prod/terraform.tfstate`;
  const plans = `arn:aws:s3:::${names.name}-terraform-state-${names.account}/plans/0123.tfplan`;
  const watchers = call(
    of('cloudtrail', 'StopLogging', 'DeleteTrail'),
    `arn:aws:cloudtrail:${names.region}:${names.account}:trail/mlops-account`,
  );
  const repository = `arn:aws:ecr:${names.region}:${names.account}:repository/mlops/platform-api`;
  const source = 'https://developer.hashicorp.com/terraform/language/backend/s3#s3-bucket-permissions';
  return [
    {
      who: 'ci-plan',
      source,
      version: '1.11',
      needed: [
        call('s3:GetObject', state),
        call(of('s3', 'GetObject', 'PutObject', 'DeleteObject'), `${state}.tflock`),
        call('s3:PutObject', plans),
        call([
          'ec2:DescribeVpcs',
          'eks:DescribeCluster',
          'iam:GetRole',
          'rds:DescribeDBInstances',
          's3:GetBucketPolicy',
          'secretsmanager:DescribeSecret',
        ]),
      ],
      dangerous: [
        call('s3:PutObject', state),
        call('s3:DeleteObject', plans),
        call('s3:GetObject', bucket(names, 'data', 'teams/clinical/x')),
        call(
          'secretsmanager:GetSecretValue',
          `arn:aws:secretsmanager:${names.region}:${names.account}:secret:mlops/prod/x`,
        ),
        call('kms:Decrypt', key(names, 'data')),
        call(['ec2:CreateVpc', 'iam:CreateRole', 'eks:UpdateClusterConfig', 'rds:DeleteDBInstance']),
        watchers,
        ...forbidden(names).filter(({ resource }) => resource !== state),
      ],
    },
    {
      who: 'ci-apply',
      source,
      version: '1.11',
      needed: [
        call(of('s3', 'GetObject', 'PutObject'), state),
        call('s3:GetObject', plans),
        call([
          'ec2:CreateVpc',
          'eks:CreateCluster',
          'rds:CreateDBInstance',
          'kms:CreateKey',
          'secretsmanager:CreateSecret',
          'lambda:CreateFunction',
          'iam:CreateServiceLinkedRole',
        ]),
        call(of('kms', 'CreateGrant', 'DescribeKey', 'PutKeyPolicy'), key(names, 'rds')),
        call(
          of('iam', 'CreateRole', 'PutRolePolicy', 'PassRole', 'AttachRolePolicy', 'DeleteRole', 'TagRole'),
          iam(names, `role/${names.name}-velero-velero`),
        ),
      ],
      dangerous: [
        watchers,
        call(of('iam', 'CreateUser', 'CreateAccessKey'), iam(names, 'user/x')),
        call(
          of('iam', 'PutRolePolicy', 'AttachRolePolicy', 'UpdateAssumeRolePolicy', 'DeleteRole'),
          iam(names, 'role/mlops-account-ci-apply'),
        ),
        call('iam:AttachRolePolicy', iam(names, `role/${names.name}-x`), {
          'iam:PolicyARN': 'arn:aws:iam::aws:policy/AdministratorAccess',
        }),
        call('iam:PutRolePolicy', iam(names, 'role/platform-administrators')),
        call(of('s3', 'PutBucketPolicy', 'DeleteBucket'), `arn:aws:s3:::mlops-account-audit-${names.account}`),
        call(
          of('s3', 'DeleteObjectVersion', 'BypassGovernanceRetention'),
          `arn:aws:s3:::mlops-account-audit-${names.account}/cloudtrail/1`,
        ),
        call('backup:DeleteRecoveryPoint'),
        call('organizations:LeaveOrganization'),
      ],
    },
    {
      who: 'ci-images',
      source: 'https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html',
      version: '2026-11',
      needed: [
        call('ecr:GetAuthorizationToken'),
        call(
          of(
            'ecr',
            'BatchCheckLayerAvailability',
            'CompleteLayerUpload',
            'InitiateLayerUpload',
            'PutImage',
            'UploadLayerPart',
          ),
          repository,
        ),
      ],
      dangerous: [
        call(
          of('ecr', 'DeleteRepository', 'BatchDeleteImage', 'PutImageTagMutability', 'SetRepositoryPolicy'),
          repository,
        ),
        call('ecr:PutImage', `arn:aws:ecr:${names.region}:${names.account}:repository/other`),
        call('s3:GetObject', state),
        ...forbidden(names),
      ],
    },
  ];
}
