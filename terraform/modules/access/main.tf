locals {
  aws    = "arn:${data.aws_partition.current.partition}"
  region = data.aws_region.current.id
  here   = "${local.region}:${var.account_id}"
  s3     = { for key, name in var.buckets : key => "${local.aws}:s3:::${name}" }
  read   = ["s3:GetObject", "s3:GetObjectTagging"]
  write  = ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
  list   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
  key    = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
  # What a caller of EC2 needs of the key of an encrypted volume, and what EC2 then does with a grant on its behalf.
  # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
  volume_keys = [var.key_arns.volumes, var.key_arns.hipaa, var.key_arns.pci]
  volumes = [
    {
      sid     = "VolumeKeys", resources = local.volume_keys
      actions = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
    },
    {
      sid        = "VolumeGrants", actions = ["kms:CreateGrant"], resources = local.volume_keys
      conditions = [{ test = "Bool", variable = "kms:GrantIsForAWSResource", values = ["true"] }]
    },
  ]

  # What each workload does, by the service account that does it: "namespace/account" => statements.
  workloads = merge({
    "mlops/platform-api" = [
      { sid = "List", actions = local.list, resources = [local.s3.artifacts] },
      { sid = "Artifacts", actions = local.write, resources = ["${local.s3.artifacts}/platform/*", "${local.s3.artifacts}/platform-predictions/*", "${local.s3.artifacts}/models/*"] },
      { sid = "Key", actions = local.key, resources = [var.key_arns.artifacts] },
    ]
    "mlflow/mlflow" = [
      { sid = "List", actions = local.list, resources = [local.s3.artifacts] },
      { sid = "Artifacts", actions = local.write, resources = ["${local.s3.artifacts}/mlflow/*"] },
      { sid = "Key", actions = local.key, resources = [var.key_arns.artifacts] },
    ]
    "feast/feast-features"    = local.feast
    "feast/feast-materialise" = local.feast
    "flink/flink" = [
      { sid = "List", actions = local.list, resources = [local.s3.data] },
      { sid = "State", actions = local.write, resources = ["${local.s3.data}/flink/*", "${local.s3.data}/processed/*"] },
      { sid = "Key", actions = local.key, resources = [var.key_arns.data] },
    ]
    "monitoring/loki" = [
      { sid = "List", actions = local.list, resources = [local.s3.logs] },
      # Its own folders alone: flow logs lie in the same bucket. "fake" is what Loki calls the one tenant of a server without.
      { sid = "Logs", actions = local.write, resources = [for path in ["fake/*", "index/*", "loki_cluster_seed.json"] : "${local.s3.logs}/${path}"] },
      { sid = "Key", actions = local.key, resources = [var.key_arns.logs] },
    ]
    "external-secrets/external-secrets" = [
      {
        sid       = "Secrets", actions = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:ListSecretVersionIds"]
        resources = ["${local.aws}:secretsmanager:${local.here}:secret:${var.secret_prefix}/*", "${local.aws}:secretsmanager:${local.here}:secret:mlops/rds-ca-bundle-*"]
      },
      { sid = "Key", actions = ["kms:Decrypt"], resources = [var.key_arns.secrets] },
    ]
    "cert-manager/cert-manager" = [
      { sid = "Change", actions = ["route53:GetChange"], resources = ["${local.aws}:route53:::change/*"] },
      { sid = "Read", actions = ["route53:ListResourceRecordSets"], resources = ["${local.aws}:route53:::hostedzone/*"] },
      # The zone lives longer than the environment, in the account's state; what is proven there is proven by these records alone.
      # https://cert-manager.io/docs/configuration/acme/dns01/route53/
      {
        sid = "Prove", actions = ["route53:ChangeResourceRecordSets"], resources = ["${local.aws}:route53:::hostedzone/*"]
        conditions = [
          { test = "ForAllValues:StringEquals", variable = "route53:ChangeResourceRecordSetsRecordTypes", values = ["TXT"] },
          { test = "ForAllValues:StringLike", variable = "route53:ChangeResourceRecordSetsNormalizedRecordNames", values = ["_acme-challenge.${var.domain}", "_acme-challenge.*.${var.domain}"] },
        ]
      },
      { sid = "Find", actions = ["route53:ListHostedZonesByName"], resources = ["*"] },
    ]
    "velero/velero" = [
      { sid = "List", actions = local.list, resources = [local.s3.backups, local.s3.backups_replica] },
      { sid = "Backups", actions = local.write, resources = ["${local.s3.backups}/velero/*", "${local.s3.backups_replica}/velero/*"] },
      { sid = "Keys", actions = local.key, resources = [var.key_arns.backups, var.key_arns.backups_secondary] },
      # Nothing of EC2: snapshots are the EBS driver's, which Velero asks by the cluster's API (EnableCSI).
    ]
    "kube-system/aws-load-balancer-controller" = local.load_balancers
    "kube-system/karpenter"                    = local.karpenter
    "kube-system/ebs-csi-controller-sa"        = local.volumes
    }, { for team, settings in var.teams : "team-${team}/workload" => [
      { sid = "List", actions = local.list, resources = [local.s3.data, local.s3.artifacts] },
      { sid = "Models", actions = local.read, resources = ["${local.s3.artifacts}/models/*"] },
      { sid = "Data", actions = local.write, resources = ["${local.s3.data}/teams/${team}/*"] },
      { sid = "Keys", actions = local.key, resources = distinct([
        var.key_arns.artifacts, lookup({ hipaa = var.key_arns.hipaa, pci = var.key_arns.pci }, settings.compliance, var.key_arns.data)
      ]) },
  ] })

  feast = [
    { sid = "List", actions = local.list, resources = [local.s3.data] },
    { sid = "Staging", actions = local.write, resources = ["${local.s3.data}/feast/*"] },
    { sid = "Features", actions = local.read, resources = ["${local.s3.data}/processed/*"] },
    { sid = "Key", actions = local.key, resources = [var.key_arns.data] },
    {
      sid       = "Query", actions = ["redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"]
      resources = ["${local.aws}:redshift:${local.here}:cluster:${var.name}-offline"]
    },
    { # these name no cluster; AWS confines them to statements of the same role
      sid       = "Results", actions = ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult", "redshift-data:CancelStatement"]
      resources = ["*"], conditions = [{ test = "StringEquals", variable = "redshift-data:statement-owner-iam-userid", values = ["$${aws:userid}"] }]
    },
    {
      sid       = "SignIn", actions = ["redshift:GetClusterCredentials"]
      resources = ["${local.aws}:redshift:${local.here}:dbuser:${var.name}-offline/feast", "${local.aws}:redshift:${local.here}:dbname:${var.name}-offline/features"]
    },
  ]

  # Karpenter: the policies of its own CloudFormation template (1.14), by region, cluster and node pool. What it made carries the
  # name of its pool, and managed nodes do not: those it cannot touch.
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
  data_services = ["eks", "kms", "redshift", "redshift-data", "s3", "secretsmanager", "sqs"]
  # those of AmazonEBSCSIDriverPolicy, which the volume driver's role has, too
  volume_driver = [for call in [
    "AttachVolume", "CopyVolumes", "CreateSnapshot", "CreateTags", "CreateVolume", "DeleteSnapshot", "DeleteTags", "DeleteVolume",
    "DescribeAvailabilityZones", "DescribeInstanceTypes", "DescribeInstances", "DescribeSnapshots", "DescribeTags", "DescribeVolumeStatus",
    "DescribeVolumes", "DescribeVolumesModifications", "DetachVolume", "EnableFastSnapshotRestores", "LockSnapshot", "ModifyVolume",
  ] : "ec2:${call}"]
  actions    = distinct(sort(concat(flatten([for statements in values(local.workloads) : [for one in statements : one.actions]]), local.volume_driver)))
  role_names = { for account in keys(local.workloads) : account => "${var.name}-${replace(account, "/", "-")}" }
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

# Pods get their role by EKS Pod Identity, and only in this cluster.
data "aws_iam_policy_document" "trust" {
  for_each = local.workloads

  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]

    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-namespace"
      values   = [split("/", each.key)[0]]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/kubernetes-service-account"
      values   = [split("/", each.key)[1]]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:RequestTag/eks-cluster-name"
      values   = [var.name]
    }
  }
}

data "aws_iam_policy_document" "workload" {
  for_each = local.workloads

  dynamic "statement" {
    for_each = each.value

    content {
      sid       = statement.value.sid
      actions   = statement.value.actions
      resources = statement.value.resources

      dynamic "condition" {
        for_each = try(statement.value.conditions, [])

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }
    }
  }
}

# The most that any role of a workload can ever do, whatever somebody attaches to it later: what one of them does today. So
# no users, no keys of users, no policies; and data of this account only.
data "aws_iam_policy_document" "boundary" {
  statement {
    sid       = "Data"
    actions   = [for action in local.actions : action if contains(local.data_services, split(":", action)[0])]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [var.account_id]
    }
  }

  statement {
    sid       = "Infrastructure"
    actions   = [for action in local.actions : action if !contains(local.data_services, split(":", action)[0])]
    resources = ["*"]
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "${var.name}-workload-boundary"
  description = "The most that a workload of ${var.name} can do"
  policy      = data.aws_iam_policy_document.boundary.json
  tags        = var.tags
}

resource "aws_iam_role" "workload" {
  for_each = local.workloads

  name                 = local.role_names[each.key]
  description          = "Service account ${each.key} of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  permissions_boundary = aws_iam_policy.boundary.arn
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "workload" {
  for_each = local.workloads

  name   = "workload"
  role   = aws_iam_role.workload[each.key].id
  policy = data.aws_iam_policy_document.workload[each.key].json
}

resource "aws_iam_role_policy_attachment" "ebs_csi" {
  role       = aws_iam_role.workload["kube-system/ebs-csi-controller-sa"].name
  policy_arn = "${local.aws}:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"
}

resource "aws_secretsmanager_secret" "by_hand" {
  for_each = var.secrets_by_hand

  name                    = "${var.secret_prefix}/${each.key}"
  description             = "Filled by hand: ${each.value}"
  kms_key_id              = var.key_arns.secrets
  recovery_window_in_days = var.tags.Environment == "dev" ? 0 : 30
  tags                    = var.tags

  dynamic "replica" {
    for_each = var.secret_replica == null ? [] : [var.secret_replica]

    content {
      region     = replica.value.region
      kms_key_id = replica.value.key_arn
    }
  }
}
