import { CloudTrailClient, DescribeTrailsCommand } from '@aws-sdk/client-cloudtrail';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeClusterCommand, EKSClient, ListClustersCommand, ListNodegroupsCommand } from '@aws-sdk/client-eks';
import { DescribeReplicationGroupsCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetBucketEncryptionCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AwsMock } from './aws-mock.ts';

/** What AWS says that there is: asked by its own SDK, not read from Terraform's state. */
export async function inventory(mock: AwsMock, region: string) {
  const settings = { ...mock.client, region };
  const eks = new EKSClient(settings);
  const kms = new KMSClient(settings);
  const { clusters = [] } = await eks.send(new ListClustersCommand({}));
  const { Keys = [] } = await kms.send(new ListKeysCommand({ Limit: 1000 }));
  const keys = await Promise.all(Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId }))));
  const { Vpcs = [] } = await new EC2Client(settings).send(new DescribeVpcsCommand({}));
  const { DBInstances = [] } = await new RDSClient(settings).send(new DescribeDBInstancesCommand({}));
  const { ReplicationGroups = [] } = await new ElastiCacheClient(settings).send(
    new DescribeReplicationGroupsCommand({}),
  );
  const { Buckets = [] } = await new S3Client(settings).send(new ListBucketsCommand({}));
  const { SecretList = [] } = await new SecretsManagerClient(settings).send(
    new ListSecretsCommand({ MaxResults: 100 }),
  );
  const { Roles = [] } = await new IAMClient(settings).send(new ListRolesCommand({ MaxItems: 1000 }));
  const { trailList = [] } = await new CloudTrailClient(settings).send(new DescribeTrailsCommand({}));
  return {
    clusters: clusters.sort(),
    vpcs: Vpcs.filter(({ IsDefault }) => !IsDefault).map(({ CidrBlock }) => CidrBlock),
    databases: DBInstances.map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier).sort(),
    caches: ReplicationGroups.map(({ ReplicationGroupId }) => ReplicationGroupId),
    buckets: Buckets.map(({ Name = '' }) => Name).sort(),
    secrets: SecretList.filter(({ DeletedDate }) => !DeletedDate)
      .map(({ Name = '' }) => Name)
      .sort(),
    roles: Roles.map(({ RoleName = '' }) => RoleName).filter((name) => name.startsWith('mlops-')),
    trails: trailList.map(({ Name }) => Name),
    // a deleted key waits for its window to end, as in AWS
    keys: keys.filter(({ KeyMetadata }) => KeyMetadata?.KeyState === 'Enabled' && KeyMetadata.KeyManager === 'CUSTOMER')
      .length,
  };
}

/** The cluster, as EKS describes it, and the names of its node groups. */
export async function cluster(mock: AwsMock, region: string, name: string) {
  const eks = new EKSClient({ ...mock.client, region });
  const { cluster: found } = await eks.send(new DescribeClusterCommand({ name }));
  const { nodegroups = [] } = await eks.send(new ListNodegroupsCommand({ clusterName: name }));
  return { found, nodegroups: nodegroups.sort() };
}

/** What encrypts a bucket by default. */
export async function bucketEncryption(mock: AwsMock, bucket: string): Promise<string | undefined> {
  const s3 = new S3Client({ ...mock.client, region: 'us-east-1' });
  const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket: bucket }));
  return ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm;
}
