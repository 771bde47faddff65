# Written by npm run generate from modules/monitoring/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name              = "mlops-prod"
  account_id        = "123456789012"
  key_arn           = "arn:aws:kms:us-east-1:123456789012:key/notifications"
  emails            = ["mlops-support@company.com"]
  databases         = { tracking = "mlops-prod-tracking" }
  cache_nodes       = { "0" = "mlops-prod-features-001" }
  redshift_clusters = { offline = "mlops-prod-offline" }
  trail_log_group   = "/aws/cloudtrail/mlops-prod"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "rings" {
  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = alltrue([for topic in aws_sns_topic.this : topic.kms_master_key_id == var.key_arn]) && toset([for subscription in aws_sns_topic_subscription.email : subscription.endpoint]) == var.emails && length(aws_sns_topic_subscription.email) == 2
    error_message = "Topics are encrypted, and somebody hears each of them."
  }

  assert {
    condition     = alltrue([for alarm in ["rds-tracking-cpu", "rds-tracking-storage", "rds-tracking-connections", "redis-0-memory", "redis-0-cpu", "redshift-offline-disk"] : length(aws_cloudwatch_metric_alarm.this[alarm].alarm_actions) == 1])
    error_message = "Every store is watched."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["rds-tracking-storage"].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.this["redis-0-memory"].threshold == 75
    error_message = "Little storage and much memory are what rings."
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.events) == 14 && alltrue([for name, alarm in aws_cloudwatch_metric_alarm.events : alarm.metric_name == one(aws_cloudwatch_log_metric_filter.events[name].metric_transformation).name])
    error_message = "Changes of the account ring."
  }

  assert {
    condition     = alltrue([for document in data.aws_iam_policy_document.topic : anytrue([for statement in document.statement : statement.effect == "Deny" && one(statement.condition).variable == "aws:SecureTransport"])])
    error_message = "Topics take TLS only."
  }
}

run "speaks_to_the_topics_of_the_account" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    topic_arns = { critical = "arn:aws:sns:us-east-1:123456789012:critical", warning = "arn:aws:sns:us-east-1:123456789012:warning" }
    key_arn    = null
  }

  assert {
    condition     = length(aws_sns_topic.this) + length(aws_sns_topic_subscription.email) == 0 && one(aws_cloudwatch_metric_alarm.this["rds-tracking-storage"].alarm_actions) == var.topic_arns.critical
    error_message = "No topics of its own beside those of the account."
  }
}

run "watches_no_trail_where_there_is_none" {
  module {
    source = "./modules/monitoring"
  }

  variables {
    trail_log_group = null
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.events) == 0
    error_message = "No trail, no alarms on it."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/monitoring"
  }

  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/monitoring"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/monitoring"
  }

  command = plan

  variables {
    account_id        = "x"
    key_arn           = "key"
    emails            = ["nobody"]
    databases         = { one = "" }
    cache_nodes       = { one = "" }
    redshift_clusters = { one = "" }
    trail_log_group   = ""
  }

  expect_failures = [
    var.account_id, var.key_arn, var.emails, var.databases, var.cache_nodes, var.redshift_clusters, var.trail_log_group,
  ]
}

run "refuses_topics_that_are_none" {
  module {
    source = "./modules/monitoring"
  }

  command = plan

  variables {
    topic_arns = { critical = "critical", warning = "warning" }
  }

  expect_failures = [var.topic_arns]
}
