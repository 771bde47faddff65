# Written by npm run generate from modules/redis/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name      = "mlops-prod"
  node_type = "cache.r6g.large"
  network = {
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2", "subnet-3"]
    client_security_groups = { cluster = "sg-1" }
  }
  key_arns      = { storage = "arn:aws:kms:us-east-1:123456789012:key/redis", secrets = "arn:aws:kms:us-east-1:123456789012:key/secrets", logs = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  secret_prefix = "mlops/prod"
  rotation      = { function_arn = "arn:aws:lambda:us-east-1:123456789012:function:rotation" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "protects_the_features" {
  module {
    source = "./modules/redis"
  }

  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required" && aws_elasticache_replication_group.this.at_rest_encryption_enabled == "true" && aws_elasticache_replication_group.this.kms_key_id == var.key_arns.storage
    error_message = "Encrypted on the way and at rest."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.auth_token != null && one(aws_secretsmanager_secret_rotation.this.rotation_rules).automatically_after_days == 30
    error_message = "A token is asked for, and changes each month."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.num_cache_clusters == 3
    error_message = "Three zones, automatic failover."
  }

  assert {
    condition     = one(aws_elasticache_parameter_group.this.parameter).name == "maxmemory-policy" && one(aws_elasticache_parameter_group.this.parameter).value == "noeviction"
    error_message = "No feature is evicted."
  }

  assert {
    condition     = aws_elasticache_replication_group.this.snapshot_retention_limit == 7
    error_message = "Daily snapshots for a week."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4 == null && rule.from_port == 6379])
    error_message = "Only the cluster connects."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.key_arns.logs && group.retention_in_days == 365]) && aws_secretsmanager_secret.this.name == "mlops/prod/redis"
    error_message = "Logs are encrypted and kept; the secret has the name that the manifests use."
  }
}

run "saves_in_development" {
  module {
    source = "./modules/redis"
  }

  variables {
    nodes = 1
    tags  = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = !aws_elasticache_replication_group.this.multi_az_enabled && length(output.node_ids) == 1
    error_message = "One node has nothing to fail over to."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/redis"
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
    source = "./modules/redis"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/redis"
  }

  command = plan

  variables {
    node_type               = "r6g.large"
    nodes                   = 0
    engine_version          = "6.2"
    network                 = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], client_security_groups = {} }
    key_arns                = { storage = "x", secrets = "y", logs = "z" }
    secret_prefix           = "mlops"
    rotation                = { function_arn = "arn", days = 365 }
    snapshot_retention_days = 0
    log_retention_days      = 30
  }

  expect_failures = [
    var.node_type, var.nodes, var.engine_version, var.network, var.key_arns, var.secret_prefix, var.rotation, var.snapshot_retention_days, var.log_retention_days,
  ]
}

run "refuses_one_node_outside_of_development" {
  module {
    source = "./modules/redis"
  }

  command = plan

  variables {
    nodes = 1
  }

  expect_failures = [var.nodes]
}
