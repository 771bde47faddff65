/**
 * Makes the bucket of an environment's Terraform state, once for each account: `node cicd/state.ts ENVIRONMENT`. It keeps
 * versions, is encrypted, closed, and takes TLS alone. A second run changes nothing. Prints what `terraform init` is told.
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
const { name, account_id: account, region } = await settingsOf(environment);
const bucket = stateBucket(name, account);
const arn = `arn:aws:s3:::${bucket}`;
const tlsOnly = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'TlsOnly',
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:*',
      Resource: [arn, `${arn}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
};
const encryption = {
  Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' }, BucketKeyEnabled: true }],
};
const closed = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'];

const s3 = (...args: string[]) => run('aws', ['s3api', ...args, `--bucket=${bucket}`, `--region=${region}`]);
// us-east-1 is where a bucket is made that names no place, and the one region that may not be named
const place = region === 'us-east-1' ? [] : [`--create-bucket-configuration=LocationConstraint=${region}`];
const steps: readonly (readonly string[])[] = [
  ...((await s3('head-bucket')).code === 0 ? [] : [['create-bucket', ...place]]),
  ['put-bucket-versioning', '--versioning-configuration=Status=Enabled'],
  ['put-public-access-block', `--public-access-block-configuration=${closed.map((key) => `${key}=true`).join(',')}`],
  ['put-bucket-encryption', `--server-side-encryption-configuration=${JSON.stringify(encryption)}`],
  ['put-bucket-policy', `--policy=${JSON.stringify(tlsOnly)}`],
];
for (const step of steps) {
  const { code, stderr } = await s3(...step);
  if (code === 0) continue;
  console.error(`aws s3api ${step[0]}: ${stderr.trim()}`);
  process.exit(1);
}
console.log(`terraform init -backend-config=bucket=${bucket}`);
