mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name          = "mlops-prod"
  account_id    = "123456789012"
  audit_bucket  = "mlops-prod-audit-123456789012"
  config_bucket = "mlops-prod-config-123456789012"
  audit_key_arn = "arn:aws:kms:us-east-1:123456789012:key/audit"
  trail         = { bucket_arn_prefixes = ["arn:aws:s3:::mlops-prod-data-"], log_key_arn = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "records_everything" {
  assert {
    condition     = aws_cloudtrail.this[0].is_multi_region_trail && aws_cloudtrail.this[0].enable_log_file_validation && aws_cloudtrail.this[0].include_global_service_events && aws_cloudtrail.this[0].kms_key_id == var.audit_key_arn && aws_cloudtrail.this[0].enable_logging
    error_message = "All regions, validated digests, a key of ours."
  }

  assert {
    condition = anytrue([for selector in aws_cloudtrail.this[0].advanced_event_selector : anytrue([
      for field in selector.field_selector : field.field == "resources.ARN" && one(coalesce(field.starts_with, [])) == "arn:aws:s3:::mlops-prod-data-"
    ])])
    error_message = "Reads and writes of data are recorded."
  }

  assert {
    condition     = endswith(aws_cloudtrail.this[0].cloud_watch_logs_group_arn, ":*") && aws_cloudwatch_log_group.trail[0].kms_key_id == var.trail.log_key_arn && aws_cloudwatch_log_group.trail[0].retention_in_days == 365
    error_message = "Alarms can read the trail; its log is encrypted and kept for a year."
  }
}

run "detects" {
  assert {
    condition     = aws_guardduty_detector.this[0].enable && alltrue([for feature in aws_guardduty_detector_feature.this : feature.status == "ENABLED"]) && contains(keys(aws_guardduty_detector_feature.this), "EKS_AUDIT_LOGS") && contains(keys(aws_guardduty_detector_feature.this), "RUNTIME_MONITORING")
    error_message = "GuardDuty watches the cluster, the nodes, S3 and RDS."
  }

  assert {
    condition     = length(aws_securityhub_standards_subscription.this) == 3 && aws_config_configuration_recorder_status.this[0].is_enabled && one(aws_config_configuration_recorder.this[0].recording_group).all_supported
    error_message = "Security Hub checks three standards, Config records all."
  }

  assert {
    condition     = alltrue([for identifier in ["S3_BUCKET_SSL_REQUESTS_ONLY", "RDS_STORAGE_ENCRYPTED", "EKS_SECRETS_ENCRYPTED", "CMK_BACKING_KEY_ROTATION_ENABLED"] : anytrue([for rule in aws_config_config_rule.this : one(rule.source).source_identifier == identifier])])
    error_message = "Config watches encryption, TLS and rotation."
  }

  assert {
    condition     = aws_ec2_instance_metadata_defaults.this.http_tokens == "required" && aws_ebs_snapshot_block_public_access.this.state == "block-all-sharing"
    error_message = "IMDSv2 is required, snapshots are not shared."
  }

  assert {
    condition     = aws_s3_account_public_access_block.this[0].restrict_public_buckets && aws_iam_account_password_policy.this[0].minimum_password_length == 14
    error_message = "The account allows no public bucket and no short password."
  }
}

run "delivers_where_config_can" {
  assert {
    condition     = aws_config_delivery_channel.this[0].s3_bucket_name == var.config_bucket && aws_cloudtrail.this[0].s3_bucket_name == var.audit_bucket
    error_message = "Config's history does not go to the bucket with Object Lock, which it refuses."
  }
}

run "leaves_to_the_organisation_what_it_has" {
  variables {
    baseline = []
  }

  assert {
    condition     = length(aws_config_configuration_recorder.this) + length(aws_config_delivery_channel.this) + length(aws_config_config_rule.this) + length(aws_iam_role.config) + length(aws_guardduty_detector.this) + length(aws_guardduty_detector_feature.this) + length(aws_securityhub_account.this) + length(aws_securityhub_standards_subscription.this) == 0
    error_message = "Nothing of it collides with Control Tower."
  }

  assert {
    condition     = output.detector_id == null
    error_message = "There is no detector of ours."
  }
}

run "leaves_the_account_alone_in_the_second_region" {
  variables {
    trail = null
  }

  assert {
    condition     = length(aws_cloudtrail.this) == 0 && length(aws_iam_account_password_policy.this) == 0 && length(aws_guardduty_detector_feature.this) == 6 && !one(aws_config_configuration_recorder.this[0].recording_group).include_global_resource_types
    error_message = "Detection yes, another trail no."
  }
}

run "refuses_bad_names_and_tags" {
  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    account_id         = "x"
    audit_bucket       = ""
    config_bucket      = ""
    baseline           = ["macie"]
    audit_key_arn      = "x"
    trail              = { bucket_arn_prefixes = [], log_key_arn = "arn:aws:kms:us-east-1:123456789012:key/logs" }
    config_rules       = { one = { identifier = "lower-case" } }
    security_standards = ["cis"]
    log_retention_days = 30
  }

  expect_failures = [
    var.account_id, var.audit_bucket, var.config_bucket, var.baseline, var.audit_key_arn, var.trail, var.config_rules, var.security_standards, var.log_retention_days,
  ]
}

run "refuses_a_log_without_a_key" {
  command = plan

  variables {
    trail = { bucket_arn_prefixes = ["arn:aws:s3:::mlops-prod-data-"], log_key_arn = "key" }
  }

  expect_failures = [var.trail]
}
