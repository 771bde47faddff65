# Written by npm run generate from modules/s3/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "secondary"
  source = "./tests/mocks"
}

variables {
  name       = "mlops-prod"
  account_id = "123456789012"
  key_arns = {
    data      = "arn:aws:kms:us-east-1:123456789012:key/data"
    artifacts = "arn:aws:kms:us-east-1:123456789012:key/artifacts"
    logs      = "arn:aws:kms:us-east-1:123456789012:key/logs"
    audit     = "arn:aws:kms:us-east-1:123456789012:key/audit"
    config    = "arn:aws:kms:us-east-1:123456789012:key/audit"
    backups   = "arn:aws:kms:us-east-1:123456789012:key/backups"
  }
  replicas = {
    data      = "arn:aws:kms:us-west-2:123456789012:key/data"
    artifacts = "arn:aws:kms:us-west-2:123456789012:key/artifacts"
    audit     = "arn:aws:kms:us-west-2:123456789012:key/audit"
    backups   = "arn:aws:kms:us-west-2:123456789012:key/backups"
  }
  trail_arn       = "arn:aws:cloudtrail:us-east-1:123456789012:trail/mlops-prod"
  regulated_teams = { clinical = { key_arn = "arn:aws:kms:us-east-1:123456789012:key/hipaa", replica_key_arn = "arn:aws:kms:us-west-2:123456789012:key/hipaa" } }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "encrypts_and_closes_every_bucket" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition = alltrue([for key, configuration in aws_s3_bucket_server_side_encryption_configuration.this :
      one(one(configuration.rule).apply_server_side_encryption_by_default).sse_algorithm == (key == "access-logs" ? "AES256" : "aws:kms")
    ])
    error_message = "Every bucket is encrypted, by a key of its own domain where S3 permits it."
  }

  assert {
    condition = alltrue([for block in concat(values(aws_s3_bucket_public_access_block.this), values(aws_s3_bucket_public_access_block.replica)) :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ]) && length(aws_s3_bucket_public_access_block.this) == length(aws_s3_bucket.this) && length(aws_s3_bucket_public_access_block.replica) == length(aws_s3_bucket.replica)
    error_message = "No bucket can be made public."
  }

  assert {
    condition = alltrue([for document in concat(values(data.aws_iam_policy_document.bucket), values(data.aws_iam_policy_document.replica)) : anytrue([
      for statement in document.statement : statement.effect == "Deny" && anytrue([for condition in statement.condition : condition.variable == "aws:SecureTransport" && one(condition.values) == "false"])
    ])])
    error_message = "Every bucket refuses what is not TLS."
  }

  assert {
    condition     = alltrue([for versioning in concat(values(aws_s3_bucket_versioning.this), values(aws_s3_bucket_versioning.replica)) : one(versioning.versioning_configuration).status == "Enabled"])
    error_message = "Every bucket keeps old versions."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 6
    error_message = "Every bucket but the log's own logs its accesses."
  }
}

run "makes_the_buckets_of_one_purpose" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    key_arns          = { audit = "arn:aws:kms:us-east-1:123456789012:key/audit", config = "arn:aws:kms:us-east-1:123456789012:key/audit" }
    replicas          = { audit = "arn:aws:kms:us-west-2:123456789012:key/audit" }
    regulated_teams   = {}
    access_log_bucket = "mlops-account-access-logs-123456789012"
  }

  assert {
    condition     = join(" ", keys(aws_s3_bucket.this)) == "audit config" && alltrue([for logging in aws_s3_bucket_logging.this : logging.target_bucket == var.access_log_bucket])
    error_message = "What is not asked for is not made; accesses are logged where somebody else keeps them."
  }

  assert {
    condition     = output.log_bucket_arn == null && output.audit_bucket == "mlops-prod-audit-123456789012" && join(" ", keys(output.zones)) == "audit config"
    error_message = "Nothing is said of buckets that are not made."
  }
}

run "refuses_unknown_buckets_and_copies_of_others" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    key_arns          = { unknown = "arn:aws:kms:us-east-1:123456789012:key/x" }
    regulated_teams   = {}
    access_log_bucket = ""
  }

  expect_failures = [var.key_arns, var.access_log_bucket]
}

run "writes_regulated_data_under_its_key" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition = [for statement in data.aws_iam_policy_document.bucket["data"].statement : {
      effect    = statement.effect, actions = statement.actions, path = endswith(one(statement.resources), "/teams/clinical/*")
      condition = [one(statement.condition).test, one(statement.condition).variable, one(one(statement.condition).values)]
      } if statement.sid == "KeyClinical"] == [{
      effect    = "Deny", actions = toset(["s3:PutObject"]), path = true
      condition = ["StringNotEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", var.regulated_teams["clinical"].key_arn]
    }]
    error_message = "Health data cannot be written under another key, nor under none."
  }
}

run "copies_regulated_data_under_its_key" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition = { for rule in aws_s3_bucket_replication_configuration.this["data"].rule : one(rule.filter).prefix => one(one(rule.destination).encryption_configuration).replica_kms_key_id } == {
      "" = var.replicas["data"], "teams/clinical/" = var.regulated_teams["clinical"].replica_key_arn
    }
    error_message = "The copy of health data is under its key, too."
  }

  assert {
    condition = alltrue([for sid, key in { Decrypt = var.regulated_teams["clinical"].key_arn, Encrypt = var.regulated_teams["clinical"].replica_key_arn } :
      length([for statement in data.aws_iam_policy_document.replication[0].statement : statement if statement.sid == sid && contains(statement.resources, key)]) == 1
    ])
    error_message = "Who copies may read under the one key and write under the other."
  }
}

run "refuses_copies_of_regulated_data_under_another_key" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    regulated_teams = { clinical = { key_arn = "arn:aws:kms:us-east-1:123456789012:key/hipaa" } }
  }

  expect_failures = [var.regulated_teams]
}

run "refuses_bad_regulated_teams" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    regulated_teams = { Clinical = { key_arn = "key", replica_key_arn = "arn:aws:kms:us-west-2:123456789012:key/hipaa" } }
  }

  expect_failures = [var.regulated_teams]
}

run "keeps_and_tiers" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = aws_s3_bucket.this["audit"].object_lock_enabled && one(one(aws_s3_bucket_object_lock_configuration.this["audit"].rule).default_retention).mode == "COMPLIANCE" && one(one(aws_s3_bucket_object_lock_configuration.this["audit"].rule).default_retention).days == 2557
    error_message = "The audit trail is locked for seven years."
  }

  assert {
    condition = alltrue([for pair in [["data", "raw", "GLACIER_IR"], ["data", "processed", "INTELLIGENT_TIERING"], ["artifacts", "models", "INTELLIGENT_TIERING"], ["audit", "audit", "GLACIER_IR"]] : anytrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this[pair[0]].rule : rule.id == pair[1] && [for step in rule.transition : [step.days, step.storage_class]] == [[90, pair[2]]]
    ])])
    error_message = "Each zone moves to cheaper storage after 90 days."
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_lifecycle_configuration.this["audit"].rule : length(rule.expiration) == 0])
    error_message = "Nothing of the audit trail expires."
  }

  assert {
    condition     = output.zones["raw"] == "s3://mlops-prod-data-123456789012/raw/" && output.buckets["data"] == "mlops-prod-data-123456789012" && aws_s3_bucket.this["artifacts"].bucket == "mlops-prod-artifacts-123456789012"
    error_message = "Zones lie where the manifests look."
  }
}

run "copies_to_the_second_region" {
  module {
    source = "./modules/s3"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition = join(" ", keys(aws_s3_bucket_replication_configuration.this)) == "artifacts audit backups data" && alltrue([
      for configuration in aws_s3_bucket_replication_configuration.this : alltrue([for rule in configuration.rule : one(one(one(rule.destination).replication_time).time).minutes == 15])
    ])
    error_message = "Copies are there within 15 minutes."
  }

  assert {
    condition     = aws_s3_bucket.replica["backups"].bucket == "mlops-prod-backups-replica-123456789012" && aws_s3_bucket.replica["audit"].object_lock_enabled
    error_message = "Copies have their names, and the audit trail's copy is locked, too."
  }

  assert {
    condition     = alltrue([for key, configuration in aws_s3_bucket_server_side_encryption_configuration.replica : one(one(configuration.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.replicas[key]])
    error_message = "Copies are encrypted by the second region's keys."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/s3"
  }

  command   = plan
  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/s3"
  }

  command   = plan
  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    account_id    = "x"
    replicas      = { unknown = "arn:aws:kms:us-west-2:123456789012:key/x" }
    audit_lock    = { mode = "NONE", days = 2557 }
    tiering_days  = 10
    trail_arn     = "trail"
    force_destroy = true
  }

  expect_failures = [var.account_id, var.replicas, var.audit_lock, var.tiering_days, var.trail_arn, var.force_destroy]
}

run "refuses_keys_of_buckets_that_are_none" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    key_arns = { data = "data", artifacts = "a", logs = "l", audit = "a", config = "c", backups = "b" }
  }

  expect_failures = [var.key_arns]
}

run "refuses_keys_that_are_no_arns_and_early_deletion" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    replicas           = { data = "key", artifacts = "key", audit = "key", backups = "key" }
    audit_lock         = { mode = "COMPLIANCE", days = 30 }
    tiering_days       = 365
    log_retention_days = 400
  }

  expect_failures = [var.replicas, var.audit_lock, var.log_retention_days]
}

run "refuses_production_without_copies_and_a_year_of_logs" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    replicas           = {}
    log_retention_days = 300
  }

  expect_failures = [var.replicas, var.log_retention_days]
}

run "refuses_copies_of_what_is_not_made" {
  module {
    source = "./modules/s3"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    key_arns        = { artifacts = "arn:aws:kms:us-east-1:123456789012:key/artifacts" }
    regulated_teams = {}
  }

  expect_failures = [var.replicas]
}
