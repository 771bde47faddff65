# Karpenter: the policies of its own CloudFormation template (1.14), by region, cluster and node pool. What it made carries the
# name of its pool, and managed nodes do not: those it cannot touch.
locals {
  made_by_karpenter = [
    { test = "StringEquals", variable = "aws:ResourceTag/kubernetes.io/cluster/${var.name}", values = ["owned"] },
    { test = "StringLike", variable = "aws:ResourceTag/karpenter.sh/nodepool", values = ["*"] },
  ]
  tagged_by_karpenter = [
    { test = "StringEquals", variable = "aws:RequestTag/kubernetes.io/cluster/${var.name}", values = ["owned"] },
    { test = "StringEquals", variable = "aws:RequestTag/eks:eks-cluster-name", values = [var.name] },
  ]
  launched = [for kind in ["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"] : "${local.aws}:ec2:${local.here}:${kind}/*"]
  profiles = ["${local.aws}:iam::${var.account_id}:instance-profile/karpenter/${local.region}/${var.name}/*"]
  karpenter = concat([
    {
      sid = "Look"
      actions = [
        "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceStatus",
        "ec2:DescribeInstanceTypeOfferings", "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates", "ec2:DescribePlacementGroups",
        "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory", "ec2:DescribeSubnets", "pricing:GetProducts",
      ]
      resources = ["*"]
    },
    { sid = "Images", actions = ["ssm:GetParameter"], resources = ["${local.aws}:ssm:${local.region}::parameter/aws/service/*"] },
    {
      sid = "LaunchFrom", actions = ["ec2:RunInstances", "ec2:CreateFleet"]
      resources = concat(
        ["${local.aws}:ec2:${local.region}::image/*", "${local.aws}:ec2:${local.region}::snapshot/*"],
        [for kind in ["security-group", "subnet", "capacity-reservation", "placement-group"] : "${local.aws}:ec2:${local.here}:${kind}/*"],
      )
    },
    { sid = "FromTemplate", actions = ["ec2:RunInstances", "ec2:CreateFleet"], resources = ["${local.aws}:ec2:${local.here}:launch-template/*"], conditions = local.made_by_karpenter },
    {
      sid        = "Launch", actions = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"], resources = local.launched
      conditions = concat(local.tagged_by_karpenter, [{ test = "StringLike", variable = "aws:RequestTag/karpenter.sh/nodepool", values = ["*"] }])
    },
    {
      sid = "TagNew", actions = ["ec2:CreateTags"], resources = local.launched
      conditions = concat(local.tagged_by_karpenter, [
        { test = "StringLike", variable = "aws:RequestTag/karpenter.sh/nodepool", values = ["*"] },
        { test = "StringEquals", variable = "ec2:CreateAction", values = ["RunInstances", "CreateFleet", "CreateLaunchTemplate"] },
      ])
    },
    {
      sid = "TagInstances", actions = ["ec2:CreateTags"], resources = ["${local.aws}:ec2:${local.here}:instance/*"]
      conditions = concat(local.made_by_karpenter, [
        { test = "StringEqualsIfExists", variable = "aws:RequestTag/eks:eks-cluster-name", values = [var.name] },
        { test = "ForAllValues:StringEquals", variable = "aws:TagKeys", values = ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] },
      ])
    },
    {
      sid       = "Remove", actions = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      resources = ["${local.aws}:ec2:${local.here}:instance/*", "${local.aws}:ec2:${local.here}:launch-template/*"], conditions = local.made_by_karpenter
    },
    {
      sid       = "Interruptions", actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      resources = ["${local.aws}:sqs:${local.here}:${var.name}-karpenter"]
    },
    {
      sid        = "PassNodeRole", actions = ["iam:PassRole"], resources = ["${local.aws}:iam::${var.account_id}:role/${var.name}-karpenter-node"]
      conditions = [{ test = "StringEquals", variable = "iam:PassedToService", values = ["ec2.amazonaws.com"] }]
    },
    # Karpenter makes a profile for each node class, below a path of its region and cluster.
    {
      sid        = "MakeProfiles", actions = ["iam:CreateInstanceProfile"], resources = local.profiles
      conditions = concat(local.tagged_by_karpenter, [{ test = "StringEquals", variable = "aws:RequestTag/topology.kubernetes.io/region", values = [local.region] }])
    },
    {
      sid        = "TagProfiles", actions = ["iam:TagInstanceProfile"], resources = local.profiles
      conditions = concat(local.tagged_by_karpenter, [{ test = "StringEquals", variable = "aws:ResourceTag/kubernetes.io/cluster/${var.name}", values = ["owned"] }])
    },
    {
      sid        = "Profiles", actions = ["iam:AddRoleToInstanceProfile", "iam:DeleteInstanceProfile", "iam:RemoveRoleFromInstanceProfile"], resources = local.profiles
      conditions = [{ test = "StringEquals", variable = "aws:ResourceTag/kubernetes.io/cluster/${var.name}", values = ["owned"] }]
    },
    { sid = "ReadProfiles", actions = ["iam:GetInstanceProfile"], resources = ["${local.aws}:iam::${var.account_id}:instance-profile/*"] },
    { sid = "ListProfiles", actions = ["iam:ListInstanceProfiles"], resources = ["*"] },
    { sid = "Cluster", actions = ["eks:DescribeCluster"], resources = ["${local.aws}:eks:${local.here}:cluster/${var.name}"] },
    { sid = "QueueKey", actions = ["kms:Decrypt"], resources = [var.key_arns.notifications] },
  ], local.volumes)
}
