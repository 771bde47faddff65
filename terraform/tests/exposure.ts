import { DescribeSecurityGroupRulesCommand, DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  GetPolicyVersionCommand,
  GetRolePolicyCommand,
  IAMClient,
  ListPoliciesCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
} from '@aws-sdk/client-iam';
import { GetBucketPolicyCommand, GetPublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import type { AwsMock } from './aws-mock.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const statementsOf = (document: string) =>
  [(JSON.parse(document) as { Statement: Statement | Statement[] }).Statement].flat();

/** Actions with a wildcard that a role or policy of ours allows, each after the name of who allows it. */
export async function wildcardActions(mock: AwsMock): Promise<{ documents: number; found: string[] }> {
  const iam = new IAMClient({ ...mock.client, region: 'us-east-1' });
  const { Roles = [] } = await iam.send(new ListRolesCommand({ MaxItems: 1000 }));
  const inline = Roles.map(async ({ RoleName = '' }) => {
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const read = PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName })));
    return (await Promise.all(read)).map(({ PolicyDocument = '' }) => [RoleName, PolicyDocument] as const);
  });
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: 'Local' }));
  const managed = Policies.map(async ({ Arn = '', DefaultVersionId }) => {
    const { PolicyVersion } = await iam.send(
      new GetPolicyVersionCommand({ PolicyArn: Arn, VersionId: DefaultVersionId }),
    );
    return [[Arn, PolicyVersion?.Document ?? ''] as const];
  });
  const documents = (await Promise.all([...inline, ...managed])).flat();
  const found = documents.flatMap(([name, document]) =>
    statementsOf(decodeURIComponent(document))
      .filter(({ Effect }) => Effect === 'Allow')
      .flatMap(({ Action }) => [Action].flat())
      .filter((action) => action.includes('*'))
      .map((action) => `${name}: ${action}`),
  );
  return { documents: documents.length, found };
}

/** Rules of security groups that name the whole internet. EKS makes the clusters' groups, and opens their way out. */
export async function openRules(mock: AwsMock, region: string): Promise<string[]> {
  const ec2 = new EC2Client({ ...mock.client, region });
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
  const ours = new Set(
    SecurityGroups.filter(({ GroupName = '' }) => !/^(default|eks-cluster-sg-.*)$/.test(GroupName)).map(
      ({ GroupId }) => GroupId,
    ),
  );
  const { SecurityGroupRules = [] } = await ec2.send(new DescribeSecurityGroupRulesCommand({}));
  return SecurityGroupRules.filter(
    ({ GroupId, CidrIpv4, CidrIpv6 }) => ours.has(GroupId) && (CidrIpv4 === '0.0.0.0/0' || CidrIpv6 === '::/0'),
  ).map(({ GroupId, IsEgress, FromPort }) => `${GroupId} ${IsEgress ? 'out' : 'in'} ${FromPort}`);
}

/** Buckets that could be public, or that answer without TLS. */
export async function openBuckets(mock: AwsMock, buckets: readonly string[]): Promise<string[]> {
  const s3 = new S3Client({ ...mock.client, region: 'us-east-1' });
  const open = buckets.map(async (Bucket) => {
    const { PublicAccessBlockConfiguration: block } = await s3.send(new GetPublicAccessBlockCommand({ Bucket }));
    const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
    const closed =
      block?.BlockPublicAcls && block.BlockPublicPolicy && block.IgnorePublicAcls && block.RestrictPublicBuckets;
    const tlsOnly = statementsOf(Policy).some(
      ({ Effect, Condition }) => Effect === 'Deny' && Condition?.['Bool']?.['aws:SecureTransport'] === 'false',
    );
    return closed && tlsOnly ? [] : [Bucket];
  });
  return (await Promise.all(open)).flat();
}
