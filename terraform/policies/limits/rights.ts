import type { PlanView, Statement } from '../plan-view.ts';
import { missing, type Policy, refuse } from '../policy.ts';

/** What a caller of EC2 needs of an encrypted volume's key. */
const volumeCalls = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const volumeKeys = ['volumes', 'hipaa', 'pci'];
const launcher = 'role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling';

const allows = ({ effect }: Statement) => effect !== 'Deny';
const names = ({ principals }: Statement, principal: string) =>
  principals.some(({ identifiers }) => identifiers.some((one) => one === '*' || one.endsWith(principal)));
const conditioned = ({ condition }: Statement, variable: string) =>
  condition.some((one) => one.variable.startsWith(variable));

/** The policies of service accounts by the end of their document's address, such as `kube-system/karpenter"]`. */
const rightsOf = (plan: PlanView, account: string) =>
  [...plan.documents]
    .filter(([address]) => address.endsWith(`aws_iam_policy_document.workload["${account}"]`))
    .map(([address, statements]) => ({ address, statements: statements.filter(allows) }));
const granting = (statements: readonly Statement[], action: string) =>
  statements.filter(({ actions }) => actions?.includes(action));

/** Keys and rights without which AWS or a controller refuses, and those that reach too far. */
export const rights: readonly Policy[] = [
  {
    id: 'managed-nodes-launch',
    title: "Auto Scaling's service-linked role gets the volumes' keys from their policies: IAM gives it none",
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html',
    needs: ['aws_eks_node_group', 'aws_kms_key'],
    check: (plan) =>
      refuse(
        plan.of('aws_kms_key').filter(({ index }) => volumeKeys.includes(String(index))),
        (key) => {
          // the account's principal does not count: it leaves the decision to IAM
          const direct = plan.statements(key).filter((one) => allows(one) && names(one, launcher));
          return [...volumeCalls, 'kms:CreateGrant'].some((action) => granting(direct, action).length === 0);
        },
        'is no key that managed nodes can start with',
      ),
  },
  {
    id: 'volumes-attach',
    title: 'Karpenter and the volume driver may use the keys of volumes, and grant them to EC2 alone',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html',
    needs: ['aws_iam_role_policy', 'aws_ebs_default_kms_key'],
    check: (plan) =>
      ['kube-system/karpenter', 'kube-system/ebs-csi-controller-sa'].flatMap((account) => [
        ...missing(rightsOf(plan, account).length === 0, `has no rights for ${account}`),
        ...refuse(
          rightsOf(plan, account),
          ({ statements }) =>
            volumeCalls.some((action) => granting(statements, action).length === 0) ||
            granting(statements, 'kms:CreateGrant').length === 0 ||
            granting(statements, 'kms:CreateGrant').some((one) => !conditioned(one, 'kms:GrantIsForAWSResource')),
          'cannot attach an encrypted volume, or grants its key to anybody',
        ),
      ]),
  },
  {
    id: 'karpenter-finds-its-own',
    title: "Karpenter's profiles are where it makes them, and it removes only nodes of its own pools",
    proves: ['AWS limits'],
    source: 'https://karpenter.sh/v1.14/reference/cloudformation/',
    needs: ['aws_iam_role_policy'],
    check: (plan) =>
      refuse(
        rightsOf(plan, 'kube-system/karpenter'),
        ({ statements }) =>
          !granting(statements, 'iam:CreateInstanceProfile').some(({ resources }) =>
            resources?.some((one) => one?.includes(':instance-profile/karpenter/')),
          ) ||
          ['ec2:DescribeInstanceStatus', 'ec2:DescribePlacementGroups'].some(
            (action) => granting(statements, action).length === 0,
          ) ||
          granting(statements, 'ec2:TerminateInstances').some(
            (one) => !conditioned(one, 'aws:ResourceTag/karpenter.sh/nodepool'),
          ),
        'makes no node, or removes those of others',
      ),
  },
  {
    id: 'balancers-stay-whose-they-are',
    title: 'The load balancer controller marks nothing as its own that it has not made',
    proves: ['AWS limits'],
    source: 'https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/',
    needs: ['aws_iam_role_policy'],
    check: (plan) =>
      refuse(
        rightsOf(plan, 'kube-system/aws-load-balancer-controller'),
        ({ statements }) =>
          ['elasticloadbalancing:AddTags', 'elasticloadbalancing:RemoveTags'].some((action) =>
            granting(statements, action).some(
              (one) =>
                !conditioned(one, 'elasticloadbalancing:CreateAction') &&
                !conditioned(one, 'aws:ResourceTag/elbv2.k8s.aws/cluster'),
            ),
          ),
        'may tag any load balancer, and then delete it',
      ),
  },
  {
    id: 'log-groups-open-their-key',
    title: 'CloudWatch Logs gets its key by the context of encryption, which is all that it documents',
    proves: ['AWS limits'],
    source: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html',
    needs: ['aws_kms_key', 'aws_cloudwatch_log_group'],
    check: (plan) =>
      refuse(
        plan.of('aws_kms_key').filter(({ index }) => index === 'logs'),
        (key) => {
          const own = plan
            .statements(key)
            .filter(({ principals }) =>
              principals.some(({ identifiers }) =>
                identifiers.some((one) => /^logs\.[a-z0-9-]+\.amazonaws\.com$/.test(one)),
              ),
            );
          return (
            own.length === 0 ||
            own.some(({ condition }) =>
              condition.some(({ variable }) => variable !== 'kms:EncryptionContext:aws:logs:arn'),
            )
          );
        },
        'may be refused to every log group',
      ),
  },
];
