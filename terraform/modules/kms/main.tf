locals {
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

data "aws_iam_policy_document" "key" {
  for_each = var.keys

  statement {
    sid       = "DelegateToIam"
    actions   = distinct(concat(local.administration, local.usage))
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${var.account_id}:root"]
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

  # Service-linked roles (Auto Scaling) attach encrypted volumes by a grant.
  dynamic "statement" {
    for_each = length(each.value.roles) > 0 ? [each.value.roles] : []

    content {
      sid       = "Roles"
      actions   = local.usage
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = sort(statement.value)
      }
    }
  }

  dynamic "statement" {
    for_each = length(each.value.roles) > 0 ? [each.value.roles] : []

    content {
      sid       = "GrantsForResources"
      actions   = ["kms:CreateGrant"]
      resources = ["*"]

      principals {
        type        = "AWS"
        identifiers = sort(statement.value)
      }

      condition {
        test     = "Bool"
        variable = "kms:GrantIsForAWSResource"
        values   = ["true"]
      }
    }
  }
}

resource "aws_kms_key" "this" {
  for_each = var.keys

  description             = each.value.description
  enable_key_rotation     = true
  rotation_period_in_days = each.value.rotation_days
  deletion_window_in_days = each.value.deletion_window
  policy                  = data.aws_iam_policy_document.key[each.key].json
  tags                    = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_kms_alias" "this" {
  for_each = var.keys

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.this[each.key].key_id
}
