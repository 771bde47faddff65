mock_provider "aws" {
  source = "../../tests/mocks"
}

mock_provider "aws" {
  alias  = "secondary"
  source = "../../tests/mocks"
}

variables {
  name       = "mlops-prod"
  account_id = "123456789012"
  key_arn    = "arn:aws:kms:us-east-1:123456789012:key/backup"
  copy       = { key_arn = "arn:aws:kms:us-west-2:123456789012:key/backup" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "loses_an_hour_at_most" {

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = anytrue([for rule in aws_backup_plan.this.rule : rule.rule_name == "hourly" && rule.schedule == "cron(0 * ? * * *)"]) && !anytrue([for rule in aws_backup_plan.this.rule : coalesce(rule.enable_continuous_backup, false)])
    error_message = "A recovery point each hour, and no continuous backup that would override RDS's own."
  }

  assert {
    condition     = anytrue([for rule in aws_backup_plan.this.rule : rule.rule_name == "daily" && one(rule.lifecycle).delete_after == 30])
    error_message = "Daily recovery points for 30 days."
  }

  assert {
    condition     = alltrue([for rule in aws_backup_plan.this.rule : length(rule.copy_action) == 1])
    error_message = "Everything is copied to the second region."
  }

  assert {
    condition     = aws_backup_vault.this.kms_key_arn == var.key_arn && aws_backup_vault.secondary[0].kms_key_arn == var.copy.key_arn && length(aws_backup_vault_lock_configuration.this) == 1 && length(aws_backup_vault_lock_configuration.secondary) == 1
    error_message = "Vaults are encrypted and locked."
  }

  assert {
    condition     = one(aws_backup_selection.this.selection_tag).key == "Backup"
    error_message = "What carries the tag is backed up."
  }
}

run "keeps_to_one_region_in_development" {

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    copy = null
    lock = false
    tags = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = length(aws_backup_vault.secondary) == 0 && length(aws_backup_vault_lock_configuration.this) == 0 && alltrue([for rule in aws_backup_plan.this.rule : length(rule.copy_action) == 0])
    error_message = "No copies, no lock."
  }
}

run "refuses_bad_names_and_tags" {
  command   = plan
  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  command   = plan
  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    account_id               = "x"
    key_arn                  = "key"
    copy                     = null
    retention_days           = { daily = 7 }
    lock                     = false
    permissions_boundary_arn = "x"
  }

  expect_failures = [var.account_id, var.key_arn, var.copy, var.retention_days, var.lock, var.permissions_boundary_arn]
}
