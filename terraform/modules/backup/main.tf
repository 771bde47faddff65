data "aws_partition" "current" {}

resource "aws_backup_vault" "this" {
  name        = var.name
  kms_key_arn = var.key_arn
  tags        = var.tags
}

resource "aws_backup_vault_lock_configuration" "this" {
  count = var.lock ? 1 : 0

  backup_vault_name  = aws_backup_vault.this.name
  min_retention_days = 1
  max_retention_days = 365
}

resource "aws_backup_vault" "secondary" {
  count    = var.copy == null ? 0 : 1
  provider = aws.secondary

  name        = var.name
  kms_key_arn = var.copy.key_arn
  tags        = var.tags
}

resource "aws_backup_vault_lock_configuration" "secondary" {
  count    = var.copy != null && var.lock ? 1 : 0
  provider = aws.secondary

  backup_vault_name  = aws_backup_vault.secondary[0].name
  min_retention_days = 1
  max_retention_days = 365
}

# Hourly: what is lost is an hour at most (RPO). Any second in between is RDS's own affair (backup_retention_period): a plan
# with continuous backups would take that over and set its retention to the plan's.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
resource "aws_backup_plan" "this" {
  name = var.name
  tags = var.tags

  rule {
    rule_name         = "hourly"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 * ? * * *)"
    start_window      = 60
    completion_window = 180

    lifecycle {
      delete_after = var.retention_days.hourly
    }

    dynamic "copy_action" {
      for_each = aws_backup_vault.secondary

      content {
        destination_vault_arn = copy_action.value.arn

        lifecycle {
          delete_after = var.retention_days.hourly
        }
      }
    }
  }

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(30 3 ? * * *)"
    start_window      = 60
    completion_window = 360

    lifecycle {
      delete_after = var.retention_days.daily
    }

    dynamic "copy_action" {
      for_each = aws_backup_vault.secondary

      content {
        destination_vault_arn = copy_action.value.arn

        lifecycle {
          delete_after = var.retention_days.daily
        }
      }
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["backup.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-backup"
  description          = "AWS Backup"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = toset(["AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores"])

  role       = aws_iam_role.this.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/${each.key}"
}

resource "aws_backup_selection" "this" {
  name         = "tagged"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.this.arn

  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Backup"
    value = "hourly"
  }

  depends_on = [aws_iam_role_policy_attachment.this]
}
