/**
 * Makes the buckets of an environment's Terraform state, once for each account: `node cicd/state.ts ENVIRONMENT`. One in the first region,
 * and one in the second to which S3 copies it, so that the state outlives a region. Both keep versions, are encrypted, closed, and take
 * TLS alone. A second run changes nothing. Prints what `terraform init` is told.
 */
import { run } from '@mlops/child-process';
import { environments } from '../kubernetes/manifests.ts';
import { settingsOf } from '../kubernetes/settings.ts';
import { stateBucket } from './preflight/account.ts';

const environment = environments.find((name) => name === process.argv[2]);
if (!environment || process.argv.length !== 3) {
  console.error(`usage: node cicd/state.ts ${environments.join('|')}`);
  process.exit(2);
}
const { name, account_id: account, region, secondary_region: secondary } = await settingsOf(environment);
const bucket = stateBucket(name, account);
const copy = `${bucket}-copy`;
const role = `${name}-terraform-state-copy`;

/** Runs AWS's command line; ends the program where AWS says no. */
async function aws(...args: string[]): Promise<void> {
  const { code, stderr } = await run('aws', args);
  if (code === 0) return;
  console.error(`aws ${args[0]} ${args[1]}: ${stderr.trim()}`);
  process.exit(1);
}
const exists = async (...args: string[]) => (await run('aws', args)).code === 0;

const policy = (...Statement: readonly object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const allow = (Action: readonly string[], Resource: readonly string[], Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition && { Condition }),
});

/** A bucket that is closed to everybody without TLS, and keeps what is overwritten. */
async function makeBucket(own: string, where: string): Promise<void> {
  const s3 = (...args: string[]) => aws('s3api', ...args, `--bucket=${own}`, `--region=${where}`);
  const arn = `arn:aws:s3:::${own}`;
  const tlsOnly = {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: [arn, `${arn}/*`],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const encryption = {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
  };
  const closed = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];
  // us-east-1 is where a bucket is made that names no place, and the one region that may not be named
  const place = where === 'us-east-1' ? [] : [`--create-bucket-configuration=LocationConstraint=${where}`];
  if (!(await exists('s3api', 'head-bucket', `--bucket=${own}`, `--region=${where}`)))
    await s3('create-bucket', ...place);
  await s3('put-bucket-versioning', '--versioning-configuration=Status=Enabled');
  await s3(
    'put-public-access-block',
    `--public-access-block-configuration=${closed.map((key) => `${key}=true`).join(',')}`,
  );
  await s3('put-bucket-encryption', `--server-side-encryption-configuration=${JSON.stringify(encryption)}`);
  await s3('put-bucket-policy', `--policy=${policy(tlsOnly)}`);
}

/**
 * Lets S3 copy the one bucket to the other. The keys are S3's own, which are used through S3 alone:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
 */
async function copyToSecondRegion(): Promise<void> {
  const iam = (...args: string[]) => aws('iam', ...args, `--role-name=${role}`, `--region=${region}`);
  const arns = { from: `arn:aws:s3:::${bucket}`, to: `arn:aws:s3:::${copy}` };
  const key = (where: string) => `arn:aws:kms:${where}:${account}:key/*`;
  const through = (where: string) => ({ StringLike: { 'kms:ViaService': `s3.${where}.amazonaws.com` } });
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'aws:SourceAccount': account } },
  };
  const rights = policy(
    allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], [arns.from]),
    allow(
      ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionAcl', 's3:GetObjectVersionTagging'],
      [`${arns.from}/*`],
    ),
    allow(['s3:ReplicateObject', 's3:ReplicateDelete', 's3:ReplicateTags'], [`${arns.to}/*`]),
    allow(['kms:Decrypt'], [key(region)], through(region)),
    allow(['kms:Encrypt', 'kms:GenerateDataKey'], [key(secondary)], through(secondary)),
  );
  if (!(await exists('iam', 'get-role', `--role-name=${role}`, `--region=${region}`)))
    await iam('create-role', `--assume-role-policy-document=${policy(trust)}`);
  await iam('put-role-policy', '--policy-name=copy', `--policy-document=${rights}`);
  const configuration = {
    Role: `arn:aws:iam::${account}:role/${role}`,
    Rules: [
      {
        ID: 'second-region',
        Priority: 1,
        Status: 'Enabled',
        Filter: { Prefix: '' },
        DeleteMarkerReplication: { Status: 'Disabled' },
        SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
        Destination: {
          Bucket: arns.to,
          EncryptionConfiguration: { ReplicaKmsKeyID: `arn:aws:kms:${secondary}:${account}:alias/aws/s3` },
        },
      },
    ],
  };
  await aws(
    's3api',
    'put-bucket-replication',
    `--bucket=${bucket}`,
    `--region=${region}`,
    `--replication-configuration=${JSON.stringify(configuration)}`,
  );
}

await makeBucket(bucket, region);
await makeBucket(copy, secondary);
await copyToSecondRegion();
console.log(`terraform init -backend-config=bucket=${bucket}`);
