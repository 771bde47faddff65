# Written by npm run generate from modules/redshift/tests.

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
  network = {
    vpc_id                 = "vpc-1"
    subnet_ids             = ["subnet-1", "subnet-2", "subnet-3"]
    client_security_groups = { cluster = "sg-1" }
  }
  key_arns        = { storage = "arn:aws:kms:us-east-1:123456789012:key/redshift", secrets = "arn:aws:kms:us-east-1:123456789012:key/secrets", data = "arn:aws:kms:us-east-1:123456789012:key/data", logs = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  data_bucket_arn = "arn:aws:s3:::mlops-prod-data-123456789012"
  secret_prefix   = "mlops/prod"
  snapshot_copy   = { region = "us-west-2", key_arn = "arn:aws:kms:us-west-2:123456789012:key/redshift" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "protects_the_warehouse" {
  module {
    source = "./modules/redshift"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = tobool(aws_redshift_cluster.this.encrypted) && aws_redshift_cluster.this.kms_key_id == var.key_arns.storage && !aws_redshift_cluster.this.publicly_accessible && aws_redshift_cluster.this.enhanced_vpc_routing
    error_message = "Encrypted, private, all traffic within the VPC."
  }

  assert {
    condition     = aws_redshift_cluster.this.manage_master_password && aws_redshift_cluster.this.master_password_secret_kms_key_id == var.key_arns.secrets
    error_message = "Secrets Manager makes and rotates the password."
  }

  assert {
    condition     = anytrue([for parameter in aws_redshift_parameter_group.this.parameter : parameter.name == "require_ssl" && parameter.value == "true"])
    error_message = "TLS only."
  }

  assert {
    condition     = one(aws_redshift_snapshot_schedule.this.definitions) == "rate(1 hours)" && aws_redshift_snapshot_copy.this[0].destination_region == "us-west-2" && aws_redshift_snapshot_copy_grant.this[0].kms_key_id == var.snapshot_copy.key_arn
    error_message = "Hourly snapshots, copied to the second region."
  }

  assert {
    condition     = toset(aws_redshift_logging.this.log_exports) == toset(["connectionlog", "useractivitylog", "userlog"]) && !aws_redshift_cluster.this.skip_final_snapshot
    error_message = "Everything is logged, and the end leaves a snapshot."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.clients : rule.cidr_ipv4 == null && rule.from_port == 5439])
    error_message = "Only the cluster connects."
  }

  assert {
    condition     = jsondecode(aws_secretsmanager_secret_version.this.secret_string).staging_bucket == "mlops-prod-data-123456789012" && jsondecode(aws_secretsmanager_secret_version.this.secret_string).username != aws_redshift_cluster.this.master_username && !strcontains(aws_secretsmanager_secret_version.this.secret_string, "password")
    error_message = "The secret says where and as whom, which is not the superuser, and holds no password."
  }
}

run "keeps_its_logs" {
  module {
    source = "./modules/redshift"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = toset([for group in aws_cloudwatch_log_group.this : group.name]) == toset([for log in aws_redshift_logging.this.log_exports : "/aws/redshift/cluster/mlops-prod-offline/${log}"])
    error_message = "Redshift finds its log groups, and makes none itself."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.kms_key_id == var.key_arns.logs && group.retention_in_days == 365])
    error_message = "They are encrypted and kept for a year."
  }
}

run "is_small_in_development" {
  module {
    source = "./modules/redshift"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    nodes         = 1
    snapshot_copy = null
    tags          = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = aws_redshift_cluster.this.cluster_type == "single-node" && length(aws_redshift_snapshot_copy.this) == 0 && aws_redshift_cluster.this.skip_final_snapshot
    error_message = "One node, no copies."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/redshift"
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
    source = "./modules/redshift"
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
    source = "./modules/redshift"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    account_id               = "x"
    node_type                = "dc2.large"
    nodes                    = 0
    network                  = { vpc_id = "vpc-1", subnet_ids = ["subnet-1"], client_security_groups = {} }
    key_arns                 = { storage = "x", secrets = "y", data = "z", logs = "l" }
    log_retention_days       = 30
    data_bucket_arn          = "mlops-prod-data"
    secret_prefix            = "mlops"
    snapshot_retention_days  = 0
    snapshot_copy            = null
    permissions_boundary_arn = "x"
  }

  expect_failures = [
    var.account_id, var.node_type, var.nodes, var.network, var.key_arns, var.data_bucket_arn, var.secret_prefix, var.snapshot_retention_days, var.snapshot_copy,
    var.permissions_boundary_arn, var.log_retention_days,
  ]
}

run "refuses_a_single_node_in_production" {
  module {
    source = "./modules/redshift"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    nodes = 1
  }

  expect_failures = [var.nodes]
}
