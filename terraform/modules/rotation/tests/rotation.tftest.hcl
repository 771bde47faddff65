mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name          = "mlops-prod"
  account_id    = "123456789012"
  key_arns      = { secrets = "arn:aws:kms:us-east-1:123456789012:key/secrets", logs = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  secret_prefix = "mlops/prod"
  vpc           = { id = "vpc-1", subnet_ids = ["subnet-1", "subnet-2"], endpoint_security_group_id = "sg-endpoints" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "may_rotate_and_nothing_else" {
  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.rotate.statement : [for action in statement.actions : !strcontains(action, "*")]]))
    error_message = "Every action is spelled out."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.rotate.statement :
    contains(["NewPassword", "Network", "Trace"], statement.sid) || !contains(statement.resources, "*")])
    error_message = "Only calls that know no resource name all."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.rotate.statement : statement.sid == "Secrets" && one(statement.resources) == "arn:aws:secretsmanager:us-east-1:123456789012:secret:mlops/prod/*"])
    error_message = "Only this environment's secrets."
  }

  assert {
    condition     = aws_lambda_permission.secrets_manager.principal == "secretsmanager.amazonaws.com" && aws_lambda_permission.secrets_manager.source_account == "123456789012"
    error_message = "Only this account's Secrets Manager may call it."
  }

  assert {
    condition     = length(one(aws_lambda_function.this.vpc_config).subnet_ids) == 2 && one(aws_lambda_function.this.tracing_config).mode == "Active"
    error_message = "It runs in the VPC, and is traced."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.endpoints.referenced_security_group_id == "sg-endpoints" && aws_vpc_security_group_egress_rule.endpoints.to_port == 443
    error_message = "It reaches the endpoints, and has no other way out."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.kms_key_id == var.key_arns.logs && aws_cloudwatch_log_group.this.retention_in_days == 365
    error_message = "Its log is encrypted and kept for a year."
  }
}

run "takes_no_share_of_the_account" {
  assert {
    condition     = coalesce(aws_lambda_function.this.reserved_concurrent_executions, -1) == -1
    error_message = "A new account has ten executions, which Lambda keeps unreserved."
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
    account_id               = "x"
    key_arns                 = { secrets = "x", logs = "y" }
    secret_prefix            = "mlops/prod/"
    vpc                      = { id = "vpc-1", subnet_ids = ["subnet-1"], endpoint_security_group_id = "sg-endpoints" }
    permissions_boundary_arn = "x"
    log_retention_days       = 30
  }

  expect_failures = [var.account_id, var.key_arns, var.secret_prefix, var.vpc, var.permissions_boundary_arn, var.log_retention_days]
}
