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
