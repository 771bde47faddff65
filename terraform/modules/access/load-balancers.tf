# What the load balancer controller does: what it made carries the name of its cluster.
locals {
  balancers     = [for kind in ["loadbalancer/net/*/*", "loadbalancer/app/*/*", "targetgroup/*/*"] : "${local.aws}:elasticloadbalancing:${local.here}:${kind}"]
  listeners     = [for kind in ["listener/net/*/*/*", "listener/app/*/*/*", "listener-rule/net/*/*/*", "listener-rule/app/*/*/*"] : "${local.aws}:elasticloadbalancing:${local.here}:${kind}"]
  own_balancers = [{ test = "StringEquals", variable = "aws:ResourceTag/elbv2.k8s.aws/cluster", values = [var.name] }]
  load_balancers = [
    {
      sid = "Look"
      actions = [
        "ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones", "ec2:DescribeInstances",
        "ec2:DescribeInternetGateways", "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
        "ec2:DescribeTags", "ec2:DescribeVpcs", "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:DescribeListenerAttributes",
        "elasticloadbalancing:DescribeListenerCertificates", "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeSSLPolicies", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeTargetHealth",
      ]
      resources = ["*"]
    },
    {
      sid       = "Certificates", actions = ["acm:DescribeCertificate", "acm:ListCertificates"]
      resources = ["*"] # certificates are found by host name
    },
    # The first balancer of an account brings the service its role: without it, it is refused.
    {
      sid        = "FirstBalancer", actions = ["iam:CreateServiceLinkedRole"]
      resources  = ["${local.aws}:iam::${var.account_id}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"]
      conditions = [{ test = "StringEquals", variable = "iam:AWSServiceName", values = ["elasticloadbalancing.amazonaws.com"] }]
    },
    {
      sid       = "MakeGroups", actions = ["ec2:CreateSecurityGroup"]
      resources = ["${local.aws}:ec2:${local.here}:vpc/${var.vpc_id}", "${local.aws}:ec2:${local.here}:security-group/*"]
    },
    {
      sid        = "TagGroups", actions = ["ec2:CreateTags"], resources = ["${local.aws}:ec2:${local.here}:security-group/*"]
      conditions = [{ test = "StringEquals", variable = "ec2:CreateAction", values = ["CreateSecurityGroup"] }]
    },
    {
      sid        = "Groups", actions = ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress", "ec2:DeleteSecurityGroup"]
      resources  = ["${local.aws}:ec2:${local.here}:security-group/*"]
      conditions = [{ test = "ArnEquals", variable = "ec2:Vpc", values = ["${local.aws}:ec2:${local.here}:vpc/${var.vpc_id}"] }]
    },
    {
      sid        = "MakeBalancers", actions = ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup"], resources = local.balancers
      conditions = [{ test = "StringEquals", variable = "aws:RequestTag/elbv2.k8s.aws/cluster", values = [var.name] }]
    },
    {
      sid = "Listeners", resources = concat(local.balancers, local.listeners)
      actions = [
        "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateRule", "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:DeleteRule", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyListenerAttributes",
        "elasticloadbalancing:ModifyRule", "elasticloadbalancing:AddListenerCertificates", "elasticloadbalancing:RemoveListenerCertificates",
      ]
    },
    # Tags decide what is the cluster's own. So they are given at birth, and later only to what is its own already.
    {
      sid = "TagNewBalancers", actions = ["elasticloadbalancing:AddTags"], resources = concat(local.balancers, local.listeners)
      conditions = [
        { test = "StringEquals", variable = "elasticloadbalancing:CreateAction", values = ["CreateListener", "CreateLoadBalancer", "CreateRule", "CreateTargetGroup"] },
        { test = "StringEquals", variable = "aws:RequestTag/elbv2.k8s.aws/cluster", values = [var.name] },
      ]
    },
    {
      sid = "TagBalancers", actions = ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"], resources = concat(local.balancers, local.listeners)
      # neither to take the mark away nor to change it
      conditions = concat(local.own_balancers, [{ test = "StringEqualsIfExists", variable = "aws:RequestTag/elbv2.k8s.aws/cluster", values = [var.name] }])
    },
    {
      sid = "Balancers", resources = local.balancers, conditions = local.own_balancers
      actions = [
        "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
        "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets",
      ]
    },
  ]
}
