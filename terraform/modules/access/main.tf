locals {
  aws    = "arn:${data.aws_partition.current.partition}"
  region = data.aws_region.current.id
  here   = "${local.region}:${var.account_id}"
  s3     = { for key, name in var.buckets : key => "${local.aws}:s3:::${name}" }
  read   = ["s3:GetObject", "s3:GetObjectTagging"]
  write  = ["s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
  list   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
  key    = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]

  # What each workload does, by the service account that does it: "namespace/account" => statements.
  workloads = merge({
    "mlops/platform-api" = [
      { sid = "List", actions = local.list, resources = [local.s3.artifacts] },
      { sid = "Artifacts", actions = local.write, resources = ["${local.s3.artifacts}/platform/*", "${local.s3.artifacts}/models/*"] },
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
      { sid = "List", actions = local.list, resources = [local.s3.data, local.s3.artifacts] },
      { sid = "State", actions = local.write, resources = ["${local.s3.data}/flink/*", "${local.s3.data}/processed/*"] },
      { sid = "Jars", actions = local.read, resources = ["${local.s3.artifacts}/flink/*"] },
      { sid = "Keys", actions = local.key, resources = [var.key_arns.data, var.key_arns.artifacts] },
    ]
    "monitoring/loki" = [
      { sid = "List", actions = local.list, resources = [local.s3.logs] },
      { sid = "Logs", actions = local.write, resources = ["${local.s3.logs}/*"] },
      { sid = "Key", actions = local.key, resources = [var.key_arns.logs] },
    ]
    "monitoring/prometheus" = [
      { sid = "Metrics", actions = ["aps:RemoteWrite"], resources = [var.prometheus_workspace_arn] },
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
      { sid = "Prove", actions = ["route53:ChangeResourceRecordSets", "route53:ListResourceRecordSets"], resources = [var.hosted_zone_arn] },
      { sid = "Find", actions = ["route53:ListHostedZonesByName"], resources = ["*"] },
    ]
    "velero/velero" = [
      { sid = "List", actions = local.list, resources = [local.s3.backups, local.s3.backups_replica] },
      { sid = "Backups", actions = local.write, resources = ["${local.s3.backups}/velero/*", "${local.s3.backups_replica}/velero/*"] },
      { sid = "Keys", actions = local.key, resources = [var.key_arns.backups, var.key_arns.backups_secondary] },
      { sid = "Look", actions = ["ec2:DescribeVolumes", "ec2:DescribeSnapshots"], resources = ["*"] },
      {
        sid       = "Snapshots", actions = ["ec2:CreateSnapshot", "ec2:DeleteSnapshot", "ec2:CreateVolume", "ec2:CreateTags"]
        resources = ["${local.aws}:ec2:${local.region}::snapshot/*", "${local.aws}:ec2:${local.here}:volume/*"]
      },
      { sid = "Volumes", actions = concat(local.key, ["kms:CreateGrant"]), resources = [var.key_arns.volumes, var.key_arns.hipaa, var.key_arns.pci] },
    ]
    "kube-system/aws-load-balancer-controller" = local.load_balancers
    "kube-system/karpenter"                    = local.karpenter
    "kube-system/ebs-csi-controller-sa" = [
      { sid = "Keys", actions = concat(local.key, ["kms:CreateGrant"]), resources = [var.key_arns.volumes, var.key_arns.hipaa, var.key_arns.pci] },
    ]
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
      resources = ["${local.aws}:redshift:${local.here}:dbuser:${var.name}-offline/mlops", "${local.aws}:redshift:${local.here}:dbname:${var.name}-offline/features"]
    },
  ]

  ours = [{ test = "StringEquals", variable = "aws:ResourceTag/kubernetes.io/cluster/${var.name}", values = ["owned"] }]
  karpenter = [
    {
      sid = "Look"
      actions = [
        "ec2:DescribeCapacityReservations", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes", "ec2:DescribeLaunchTemplates", "ec2:DescribeSecurityGroups", "ec2:DescribeSpotPriceHistory",
        "ec2:DescribeSubnets", "pricing:GetProducts",
      ]
      resources = ["*"]
    },
    { sid = "Images", actions = ["ssm:GetParameter"], resources = ["${local.aws}:ssm:${local.region}::parameter/aws/service/*"] },
    {
      sid = "LaunchFrom", actions = ["ec2:RunInstances", "ec2:CreateFleet"]
      resources = concat(
        ["${local.aws}:ec2:${local.region}::image/*", "${local.aws}:ec2:${local.region}::snapshot/*"],
        [for kind in ["security-group", "subnet", "capacity-reservation"] : "${local.aws}:ec2:${local.here}:${kind}/*"],
      )
    },
    {
      sid       = "Launch", actions = ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateTags"]
      resources = [for kind in ["fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"] : "${local.aws}:ec2:${local.here}:${kind}/*"]
      conditions = [
        { test = "StringEquals", variable = "aws:RequestTag/kubernetes.io/cluster/${var.name}", values = ["owned"] },
        { test = "StringEquals", variable = "aws:RequestTag/eks:eks-cluster-name", values = [var.name] },
      ]
    },
    { sid = "FromTemplate", actions = ["ec2:RunInstances", "ec2:CreateFleet"], resources = ["${local.aws}:ec2:${local.here}:launch-template/*"], conditions = local.ours },
    { sid = "TagInstances", actions = ["ec2:CreateTags"], resources = ["${local.aws}:ec2:${local.here}:instance/*"], conditions = local.ours },
    {
      sid       = "Remove", actions = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
      resources = ["${local.aws}:ec2:${local.here}:instance/*", "${local.aws}:ec2:${local.here}:launch-template/*"], conditions = local.ours
    },
    {
      sid       = "Interruptions", actions = ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"]
      resources = ["${local.aws}:sqs:${local.here}:${var.name}-karpenter"]
    },
    {
      sid        = "PassNodeRole", actions = ["iam:PassRole"], resources = ["${local.aws}:iam::${var.account_id}:role/${var.name}-karpenter-node"]
      conditions = [{ test = "StringEquals", variable = "iam:PassedToService", values = ["ec2.amazonaws.com"] }]
    },
    {
      sid = "InstanceProfiles"
      actions = [
        "iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:GetInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile",
      ]
      resources = ["${local.aws}:iam::${var.account_id}:instance-profile/${var.name}_*"]
    },
    { sid = "ListProfiles", actions = ["iam:ListInstanceProfiles"], resources = ["*"] },
    { sid = "Cluster", actions = ["eks:DescribeCluster"], resources = ["${local.aws}:eks:${local.here}:cluster/${var.name}"] },
    { sid = "QueueKey", actions = ["kms:Decrypt"], resources = [var.key_arns.notifications] },
  ]

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
    {
      sid       = "Firewall", actions = ["wafv2:GetWebACL", "wafv2:GetWebACLForResource", "wafv2:AssociateWebACL", "wafv2:DisassociateWebACL"]
      resources = concat(["${local.aws}:wafv2:${local.here}:regional/webacl/${var.name}/*"], local.balancers)
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
        "elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags",
      ]
    },
    {
      sid = "Balancers", resources = local.balancers, conditions = local.own_balancers
      actions = [
        "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes", "elasticloadbalancing:SetIpAddressType",
        "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets", "elasticloadbalancing:SetWebAcl",
        "elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets",
      ]
    },
  ]
  data_services = ["aps", "eks", "kms", "redshift", "redshift-data", "s3", "secretsmanager", "sqs"]
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
}
