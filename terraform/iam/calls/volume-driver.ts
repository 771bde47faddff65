import { type Caller, call, ec2, key, type Names, of, tags } from './call.ts';

export function volumeDriver(names: Names): Caller {
  const mark = { 'ebs.csi.aws.com/cluster': 'true' };
  return {
    who: 'kube-system-ebs-csi-controller-sa',
    source:
      'https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md and AmazonEBSCSIDriverPolicy',
    version: 'the policy of AWS as moto 5.2.1 has it',
    needed: [
      call(
        of(
          'ec2',
          'DescribeAvailabilityZones',
          'DescribeInstances',
          'DescribeSnapshots',
          'DescribeTags',
          'DescribeVolumes',
          'DescribeVolumesModifications',
        ),
      ),
      call('ec2:CreateVolume', ec2(names, 'volume'), tags('RequestTag', mark)),
      ...['volume', 'instance'].map((kind) => call(of('ec2', 'AttachVolume', 'DetachVolume'), ec2(names, kind))),
      call('ec2:ModifyVolume', ec2(names, 'volume')),
      call('ec2:CreateTags', ec2(names, 'volume'), { 'ec2:CreateAction': 'CreateVolume' }),
      call('ec2:CreateTags', ec2(names, 'snapshot'), { 'ec2:CreateAction': 'CreateSnapshot' }),
      call('ec2:DeleteVolume', ec2(names, 'volume'), tags('ResourceTag', mark)),
      call('ec2:CreateSnapshot', ec2(names, 'volume')),
      call('ec2:CreateSnapshot', `arn:aws:ec2:${names.region}::snapshot/1`, tags('RequestTag', mark)),
      call('ec2:DeleteSnapshot', `arn:aws:ec2:${names.region}::snapshot/1`, tags('ResourceTag', mark)),
      ...['volumes', 'hipaa', 'pci'].flatMap((domain) => [
        call(
          of('kms', 'Decrypt', 'DescribeKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncryptFrom', 'ReEncryptTo'),
          key(names, domain),
        ),
        call('kms:CreateGrant', key(names, domain), { 'kms:GrantIsForAWSResource': 'true' }),
      ]),
    ],
    dangerous: [
      call('ec2:DeleteVolume', ec2(names, 'volume')),
      call('ec2:DeleteSnapshot', `arn:aws:ec2:${names.region}::snapshot/1`),
      call('ec2:CreateTags', ec2(names, 'volume')),
      call('kms:CreateGrant', key(names, 'volumes')),
      call('kms:Decrypt', key(names, 'secrets')),
    ],
  };
}
