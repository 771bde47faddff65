# Written by npm run generate from modules/rds/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "secondary"
  source = "./tests/mocks"
}

variables {
  name = "mlops-prod"
  instances = {
    tracking = { databases = ["mlflow"], instance_class = "db.r5.xlarge" }
    registry = { databases = ["feast"], instance_class = "db.r5.large" }
    platform = { databases = ["platform"], instance_class = "db.r5.large" }
  }
  network = {
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2", "subnet-3"]
    client_security_groups = { cluster = "sg-1" }
  }
  key_arns      = { storage = "arn:aws:kms:us-east-1:123456789012:key/rds", secrets = "arn:aws:kms:us-east-1:123456789012:key/secrets", logs = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  secret_prefix = "mlops/prod"
  rotation      = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotation" }
  replica = {
    vpc_id                 = "vpc-2"
    subnet_ids             = ["subnet-4", "subnet-5"]
    client_security_groups = { cluster = "sg-2" }
    region                 = "us-west-2"
    key_arn                = "arn:aws:kms:us-west-2:123456789012:key/rds"
    log_key_arn            = "arn:aws:kms:us-west-2:123456789012:key/logs"
    secret_key_arn         = "arn:aws:kms:us-west-2:123456789012:key/secrets"
  }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "protects_the_databases" {
  module {
    source = "./modules/rds"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = alltrue([for one in concat(values(aws_db_instance.this), values(aws_db_instance.replica)) : one.storage_encrypted && !one.publicly_accessible && one.iam_database_authentication_enabled && one.deletion_protection])
    error_message = "Encrypted, private, IAM sign-in, protected from deletion."
  }

  assert {
    condition     = alltrue([for one in aws_db_instance.this : one.multi_az && one.backup_retention_period == 35 && one.kms_key_id == var.key_arns.storage])
    error_message = "Two zones, any second of 35 days, a key of ours."
  }

  assert {
    condition     = alltrue([for group in [aws_db_parameter_group.this, aws_db_parameter_group.replica[0]] : anytrue([for parameter in group.parameter : parameter.name == "rds.force_ssl" && parameter.value == "1"])])
    error_message = "TLS only."
  }

  assert {
    condition     = alltrue([for one in aws_db_instance.this : one.monitoring_interval == 60 && one.performance_insights_enabled && one.enabled_cloudwatch_logs_exports == toset(["postgresql", "upgrade"])])
    error_message = "Watched and logged."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.key_arns.logs && group.retention_in_days == 365])
    error_message = "Logs are encrypted and kept for a year."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4 == null && rule.referenced_security_group_id == "sg-1" && rule.from_port == 5432])
    error_message = "Only the cluster connects."
  }
}

run "keeps_secrets_in_secrets_manager" {
  module {
    source = "./modules/rds"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = join(" ", [for secret in aws_secretsmanager_secret.database : secret.name]) == "mlops/prod/feast-database mlops/prod/mlflow-database mlops/prod/platform-database"
    error_message = "Each database has the secret that its manifest names."
  }

  assert {
    condition     = alltrue([for rotation in aws_secretsmanager_secret_rotation.database : one(rotation.rotation_rules).automatically_after_days == 30]) && length(aws_secretsmanager_secret_rotation.database) == 3
    error_message = "Passwords change each month."
  }

  assert {
    condition     = alltrue([for one in aws_db_instance.this : one.password == null]) && alltrue([for secret in aws_secretsmanager_secret.database : secret.kms_key_id == var.key_arns.secrets])
    error_message = "No password stands in the instance's state; secrets are encrypted by a key of ours."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.database : one(secret.replica).region == "us-west-2"])
    error_message = "Secrets are in the second region, too."
  }
}

run "has_replicas_in_the_second_region" {
  module {
    source = "./modules/rds"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = length(aws_db_instance.replica) == 3 && alltrue([for one in aws_db_instance.replica : one.kms_key_id == var.replica.key_arn && one.replicate_source_db != null])
    error_message = "Each database has a replica, encrypted by the second region's key."
  }
}

run "shares_one_instance" {
  module {
    source = "./modules/rds"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances           = { shared = { databases = ["mlflow", "feast", "platform"], instance_class = "db.t3.medium", multi_az = false } }
    replica             = null
    deletion_protection = false
    tags                = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = length(aws_db_instance.this) == 1 && length(aws_secretsmanager_secret.database) == 3 && join(" ", keys(aws_secretsmanager_secret_rotation.database)) == "mlflow" && join(" ", output.databases_by_hand) == "feast platform"
    error_message = "One instance, three secrets, one rotation that tells the others."
  }

  assert {
    condition     = length(aws_db_instance.replica) == 0 && length(aws_db_subnet_group.replica) == 0
    error_message = "No replica that was not asked for."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/rds"
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
    source = "./modules/rds"
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
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances                = {}
    engine_version           = "11"
    network                  = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], client_security_groups = {} }
    key_arns                 = { storage = "x", secrets = "y", logs = "z" }
    secret_prefix            = "mlops"
    rotation                 = { function_arn = "arn", days = 365 }
    backup_retention_days    = 1
    deletion_protection      = false
    replica                  = null
    permissions_boundary_arn = "x"
    log_retention_days       = 30
  }

  expect_failures = [
    var.instances, var.engine_version, var.network, var.key_arns, var.secret_prefix, var.rotation, var.backup_retention_days, var.deletion_protection, var.replica,
    var.permissions_boundary_arn, var.log_retention_days,
  ]
}

run "refuses_a_database_twice_and_short_backups" {
  module {
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances = {
      one = { databases = ["mlflow"], instance_class = "db.r5.large" }
      two = { databases = ["mlflow"], instance_class = "db.r5.large" }
    }
    backup_retention_days = 7
  }

  expect_failures = [var.instances, var.backup_retention_days]
}

run "refuses_odd_names" {
  module {
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances = { one = { databases = ["ML-flow"], instance_class = "db.r5.large" } }
  }

  expect_failures = [var.instances]
}

run "refuses_other_classes" {
  module {
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances = { one = { databases = ["mlflow"], instance_class = "m5.large" } }
  }

  expect_failures = [var.instances]
}

run "refuses_storage_that_cannot_grow" {
  module {
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances = { one = { databases = ["mlflow"], instance_class = "db.r5.large", allocated_storage = 100, max_allocated_storage = 100 } }
  }

  expect_failures = [var.instances]
}

run "refuses_a_single_zone_in_production" {
  module {
    source = "./modules/rds"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    instances = { one = { databases = ["mlflow"], instance_class = "db.r5.large", multi_az = false } }
  }

  expect_failures = [var.instances]
}
