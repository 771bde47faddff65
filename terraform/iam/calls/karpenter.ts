import { type Caller, call, ec2, iam, key, type Names, of, tags } from './call.ts';

export function karpenter(names: Names): Caller {
  const cluster = { [`kubernetes.io/cluster/${names.name}`]: 'owned' };
  const born = { ...cluster, 'eks:eks-cluster-name': names.name, 'karpenter.sh/nodepool': 'compute' };
  const own = { ...cluster, 'karpenter.sh/nodepool': 'compute' };
  const profile = `instance-profile/karpenter/${names.region}/${names.name}/123/`;
  const kept = { ...cluster, 'eks:eks-cluster-name': names.name, 'topology.kubernetes.io/region': names.region };
  const keys = ['volumes', 'hipaa', 'pci'].map((domain) => key(names, domain));
  return {
    who: 'kube-system-karpenter',
    source:
      'https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/website/content/en/docs/reference/cloudformation.md',
    version: '1.14.1',
    needed: [
      ...['image', 'snapshot'].map((kind) =>
        call(of('ec2', 'RunInstances', 'CreateFleet'), `arn:aws:ec2:${names.region}::${kind}/1`),
      ),
      ...['security-group', 'subnet'].map((kind) => call(of('ec2', 'RunInstances', 'CreateFleet'), ec2(names, kind))),
      call(of('ec2', 'RunInstances', 'CreateFleet'), ec2(names, 'launch-template'), tags('ResourceTag', own)),
      ...['fleet', 'instance', 'volume', 'network-interface', 'spot-instances-request'].map((kind) =>
        call(of('ec2', 'RunInstances', 'CreateFleet'), ec2(names, kind), tags('RequestTag', born)),
      ),
      call('ec2:CreateLaunchTemplate', ec2(names, 'launch-template'), tags('RequestTag', born)),
      ...(['RunInstances', 'CreateFleet', 'CreateLaunchTemplate'] as const).map((by) =>
        call('ec2:CreateTags', ec2(names, by === 'CreateLaunchTemplate' ? 'launch-template' : 'instance'), {
          ...tags('RequestTag', born),
          'ec2:CreateAction': by,
        }),
      ),
      call('ec2:CreateTags', ec2(names, 'instance'), {
        ...tags('ResourceTag', own),
        'aws:TagKeys': ['karpenter.sh/nodeclaim', 'Name', 'eks:eks-cluster-name'],
        ...tags('RequestTag', { 'eks:eks-cluster-name': names.name }),
      }),
      call('ec2:TerminateInstances', ec2(names, 'instance'), tags('ResourceTag', own)),
      call('ec2:DeleteLaunchTemplate', ec2(names, 'launch-template'), tags('ResourceTag', own)),
      call(
        of(
          'ec2',
          'DescribeCapacityReservations',
          'DescribeImages',
          'DescribeInstances',
          'DescribeInstanceStatus',
          'DescribeInstanceTypeOfferings',
          'DescribeInstanceTypes',
          'DescribeLaunchTemplates',
          'DescribePlacementGroups',
          'DescribeSecurityGroups',
          'DescribeSpotPriceHistory',
          'DescribeSubnets',
        ),
      ),
      call(['pricing:GetProducts', 'iam:ListInstanceProfiles']),
      call(
        'ssm:GetParameter',
        `arn:aws:ssm:${names.region}::parameter/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id`,
      ),
      call(
        of('sqs', 'DeleteMessage', 'GetQueueUrl', 'ReceiveMessage'),
        `arn:aws:sqs:${names.region}:${names.account}:${names.name}-karpenter`,
      ),
      call('kms:Decrypt', key(names, 'notifications')),
      call('iam:PassRole', iam(names, `role/${names.name}-karpenter-node`), {
        'iam:PassedToService': 'ec2.amazonaws.com',
      }),
      call('iam:CreateInstanceProfile', iam(names, profile), tags('RequestTag', kept)),
      call('iam:TagInstanceProfile', iam(names, profile), {
        ...tags('RequestTag', kept),
        ...tags('ResourceTag', kept),
      }),
      call(
        of('iam', 'AddRoleToInstanceProfile', 'RemoveRoleFromInstanceProfile', 'DeleteInstanceProfile'),
        iam(names, profile),
        tags('ResourceTag', kept),
      ),
      call('iam:GetInstanceProfile', iam(names, profile)),
      call('eks:DescribeCluster', `arn:aws:eks:${names.region}:${names.account}:cluster/${names.name}`),
      // https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
      ...keys.flatMap((one) => [
        call(
          of('kms', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'),
          one,
        ),
        call('kms:CreateGrant', one, { 'kms:GrantIsForAWSResource': 'true' }),
      ]),
    ],
    dangerous: [
      call(
        'ec2:TerminateInstances',
        ec2(names, 'instance'),
        tags('ResourceTag', { ...cluster, 'eks:nodegroup-name': 'system' }),
      ),
      call(
        'ec2:TerminateInstances',
        ec2(names, 'instance'),
        tags('ResourceTag', { 'kubernetes.io/cluster/other': 'owned', 'karpenter.sh/nodepool': 'a' }),
      ),
      call('ec2:RunInstances', ec2(names, 'instance')),
      call('ec2:CreateTags', ec2(names, 'instance'), {
        ...tags('RequestTag', own),
        'aws:TagKeys': ['karpenter.sh/nodepool'],
      }),
      call('iam:PassRole', iam(names, 'role/platform-administrators'), { 'iam:PassedToService': 'ec2.amazonaws.com' }),
      call('iam:PassRole', iam(names, `role/${names.name}-karpenter-node`), {
        'iam:PassedToService': 'lambda.amazonaws.com',
      }),
      call('iam:AddRoleToInstanceProfile', iam(names, 'instance-profile/other')),
      call('ssm:GetParameter', `arn:aws:ssm:${names.region}:${names.account}:parameter/password`),
      call('kms:CreateGrant', key(names, 'volumes')),
      call('kms:Decrypt', key(names, 'data')),
    ],
  };
}
