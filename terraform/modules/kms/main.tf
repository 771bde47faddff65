locals {
  definitions = {
    artifacts    = { purpose = "Models and other artifacts", services = [] }
    audit        = { purpose = "Audit trail", services = ["cloudtrail.amazonaws.com", "config.amazonaws.com"] }
    backup-vault = { purpose = "Recovery points of AWS Backup", services = ["backup.amazonaws.com"] }
    backups      = { purpose = "Backups of the cluster's objects", services = [] }
    data         = { purpose = "Data zones", services = [] }
    eks          = { purpose = "Kubernetes secrets", services = [] }
    hipaa        = { purpose = "Health data", services = [], attaches_volumes = true }
    logs         = { purpose = "Logs and metrics", services = ["delivery.logs.amazonaws.com"], encrypts_log_groups = true }
    notifications = {
      purpose  = "Topics and queues"
      services = ["budgets.amazonaws.com", "cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com", "events.amazonaws.com"]
    }
    pci      = { purpose = "Payment data", services = [], attaches_volumes = true }
    rds      = { purpose = "Databases", services = [] }
    redis    = { purpose = "Online features", services = [] }
    redshift = { purpose = "Offline features", services = [] }
    secrets  = { purpose = "Secrets Manager", services = [] }
    volumes  = { purpose = "Volumes of nodes and pods", services = [], attaches_volumes = true }
  }
  keys = { for domain, key in local.definitions : domain => key if contains(var.domains, domain) }
  # Auto Scaling's service-linked role, which launches managed nodes. As a condition and not as a principal: a policy that
  # names a role that does not exist yet is refused.
  launcher = "arn:${data.aws_partition.current.partition}:iam::${var.account_id}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
  logs     = "logs.${data.aws_region.current.id}.amazonaws.com"
  root     = "arn:${data.aws_partition.current.partition}:iam::${var.account_id}:root"

  # Spelled out, because a policy with kms:* would also allow what AWS adds later.
  administration = [
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:RetireGrant", "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource",
    "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
  ]
  usage = [
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom", "kms:ReEncryptTo",
  ]
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_iam_policy_document" "key" {
  for_each = local.keys

  statement {
    sid       = "DelegateToIam"
    actions   = distinct(concat(local.administration, local.usage))
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.root]
    }
  }

  dynamic "statement" {
    for_each = length(each.value.services) > 0 ? [each.value.services] : []

    content {
      sid       = "Services"
      actions   = local.usage
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = sort(statement.value)
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }
    }
  }

  # CloudWatch Logs says which group it encrypts, and documents no other condition.
  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
  dynamic "statement" {
    for_each = try(each.value.encrypts_log_groups, false) ? [local.logs] : []

    content {
      sid       = "LogGroups"
      actions   = local.usage
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }

      condition {
        test     = "ArnLike"
        variable = "kms:EncryptionContext:aws:logs:arn"
        values   = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.id}:${var.account_id}:*"]
      }
    }
  }

  # The service-linked role has no rights on keys, and nobody can give it any: a statement for the account's principal would
  # only delegate to IAM. So this one is for everybody, and its conditions leave that one role, through EC2, in this account.
  # https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html
  dynamic "statement" {
    for_each = try(each.value.attaches_volumes, false) ? {
      Launch = { actions = local.usage, grants_only = false }
      Attach = { actions = ["kms:CreateGrant"], grants_only = true }
    } : {}

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = ["*"]
      }

      dynamic "condition" {
        for_each = merge({
          "kms:CallerAccount" = var.account_id
          "kms:ViaService"    = "ec2.${data.aws_region.current.id}.amazonaws.com"
          "aws:PrincipalArn"  = local.launcher
        }, statement.value.grants_only ? { "kms:GrantIsForAWSResource" = "true" } : {})

        content {
          test     = lookup({ "aws:PrincipalArn" = "ArnEquals", "kms:GrantIsForAWSResource" = "Bool" }, condition.key, "StringEquals")
          variable = condition.key
          values   = [condition.value]
        }
      }
    }
  }
}

resource "aws_kms_key" "this" {
  for_each = local.keys

  description             = each.value.purpose
  enable_key_rotation     = true
  rotation_period_in_days = var.rotation_days
  deletion_window_in_days = var.deletion_window
  policy                  = data.aws_iam_policy_document.key[each.key].json
  tags                    = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

# Whoever makes a volume without naming a key gets ours, and no volume of the region is without one.
resource "aws_ebs_encryption_by_default" "this" {
  count = contains(var.domains, "volumes") ? 1 : 0

  enabled = true
}

resource "aws_ebs_default_kms_key" "this" {
  count = contains(var.domains, "volumes") ? 1 : 0

  key_arn = aws_kms_key.this["volumes"].arn
}

resource "aws_kms_alias" "this" {
  for_each = local.keys

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
