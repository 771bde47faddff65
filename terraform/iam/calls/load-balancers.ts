import { type Caller, call, ec2, iam, type Names, of, tags } from './call.ts';

export function loadBalancers(names: Names): Caller {
  const mark = { 'elbv2.k8s.aws/cluster': names.name };
  const elb = (what: string) => `arn:aws:elasticloadbalancing:${names.region}:${names.account}:${what}`;
  const [balancer, target, listener] = [
    elb('loadbalancer/net/k8s-1/1'),
    elb('targetgroup/k8s-1/1'),
    elb('listener/net/k8s-1/1/1'),
  ];
  const calls = (...some: readonly string[]) => of('elasticloadbalancing', ...some);
  const inVpc = { 'ec2:Vpc': ec2(names, 'vpc', names.vpc) };
  return {
    who: 'kube-system-aws-load-balancer-controller',
    source: 'https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/install/iam_policy.json',
    version: '3.5.0, for network load balancers: without WAF, Shield and Cognito, which these cannot have',
    needed: [
      call(
        'iam:CreateServiceLinkedRole',
        iam(names, 'role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing'),
        {
          'iam:AWSServiceName': 'elasticloadbalancing.amazonaws.com',
        },
      ),
      call(
        of(
          'ec2',
          'DescribeAccountAttributes',
          'DescribeAddresses',
          'DescribeAvailabilityZones',
          'DescribeInternetGateways',
          'DescribeVpcs',
          'DescribeSubnets',
          'DescribeSecurityGroups',
          'DescribeInstances',
          'DescribeNetworkInterfaces',
          'DescribeTags',
          'GetSecurityGroupsForVpc',
          'DescribeRouteTables',
        ),
      ),
      call(
        calls(
          'DescribeLoadBalancers',
          'DescribeLoadBalancerAttributes',
          'DescribeListeners',
          'DescribeListenerCertificates',
          'DescribeListenerAttributes',
          'DescribeSSLPolicies',
          'DescribeRules',
          'DescribeTargetGroups',
          'DescribeTargetGroupAttributes',
          'DescribeTargetHealth',
          'DescribeTags',
        ),
      ),
      call(of('acm', 'ListCertificates', 'DescribeCertificate')),
      ...[balancer, target].map((one) =>
        call(calls(one === target ? 'CreateTargetGroup' : 'CreateLoadBalancer'), one, tags('RequestTag', mark)),
      ),
      ...[
        [balancer, 'CreateLoadBalancer'],
        [target, 'CreateTargetGroup'],
        [listener, 'CreateListener'],
      ].map(([one = '', by = '']) =>
        call(calls('AddTags'), one, { ...tags('RequestTag', mark), 'elasticloadbalancing:CreateAction': by }),
      ),
      call(calls('AddTags', 'RemoveTags'), balancer, tags('ResourceTag', mark)),
      call(calls('CreateListener'), balancer),
      call(
        calls(
          'DeleteListener',
          'ModifyListener',
          'ModifyListenerAttributes',
          'AddListenerCertificates',
          'RemoveListenerCertificates',
        ),
        listener,
      ),
      call(
        calls(
          'ModifyLoadBalancerAttributes',
          'SetIpAddressType',
          'SetSecurityGroups',
          'SetSubnets',
          'DeleteLoadBalancer',
        ),
        balancer,
        tags('ResourceTag', mark),
      ),
      call(
        calls(
          'ModifyTargetGroup',
          'ModifyTargetGroupAttributes',
          'RegisterTargets',
          'DeregisterTargets',
          'DeleteTargetGroup',
        ),
        target,
        tags('ResourceTag', mark),
      ),
      ...[ec2(names, 'vpc', names.vpc), ec2(names, 'security-group')].map((one) =>
        call('ec2:CreateSecurityGroup', one),
      ),
      call('ec2:CreateTags', ec2(names, 'security-group'), { 'ec2:CreateAction': 'CreateSecurityGroup' }),
      call(
        of('ec2', 'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'DeleteSecurityGroup'),
        ec2(names, 'security-group'),
        inVpc,
      ),
    ],
    dangerous: [
      call(calls('DeleteLoadBalancer', 'SetSecurityGroups'), balancer),
      call(calls('DeleteLoadBalancer'), balancer, tags('ResourceTag', { 'elbv2.k8s.aws/cluster': 'another' })),
      call(calls('AddTags'), balancer, tags('RequestTag', mark)),
      call(calls('AddTags'), balancer, {
        ...tags('ResourceTag', mark),
        ...tags('RequestTag', { 'elbv2.k8s.aws/cluster': 'another' }),
      }),
      call(calls('RegisterTargets'), target),
      call('ec2:AuthorizeSecurityGroupIngress', ec2(names, 'security-group'), {
        'ec2:Vpc': ec2(names, 'vpc', 'vpc-other'),
      }),
      call('ec2:CreateTags', ec2(names, 'security-group')),
      call('iam:CreateServiceLinkedRole', iam(names, 'role/aws-service-role/guardduty.amazonaws.com/x'), {
        'iam:AWSServiceName': 'guardduty.amazonaws.com',
      }),
    ],
  };
}
