# Written by npm run generate from modules/ci/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id      = "123456789012"
  account_name    = "mlops-account"
  platform_name   = "mlops-prod"
  environment     = "prod"
  repository      = "example-org/mlops-platform"
  repository_arns = { "mlops/platform-api" = "arn:aws:ecr:us-east-1:123456789012:repository/mlops/platform-api" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "trusts_one_environment_of_one_repository" {
  module {
    source = "./modules/ci"
  }

  assert {
    condition = { for key, document in data.aws_iam_policy_document.trust : key => one([
      for condition in one(document.statement).condition : one(condition.values) if endswith(condition.variable, ":sub")
      ]) } == {
      plan   = "repo:example-org/mlops-platform:environment:prod-plan"
      apply  = "repo:example-org/mlops-platform:environment:prod"
      images = "repo:example-org/mlops-platform:environment:prod-images"
    }
    error_message = "Each role is for one environment, without a wildcard."
  }

  assert {
    condition = alltrue([for document in data.aws_iam_policy_document.trust : alltrue([
      for condition in one(document.statement).condition : condition.test == "StringEquals" && (!endswith(condition.variable, ":aud") || one(condition.values) == "sts.amazonaws.com")
    ])])
    error_message = "The token is for AWS."
  }
}

run "keeps_plan_and_apply_apart" {
  module {
    source = "./modules/ci"
  }

  assert {
    condition     = { for key, attached in aws_iam_role_policy_attachment.this : key => basename(attached.policy_arn) } == { plan = "ReadOnlyAccess", apply = "PowerUserAccess" }
    error_message = "Who plans changes nothing."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.this["plan"].statement : statement.effect == "Deny" && contains(statement.actions, "s3:GetObject") && statement.not_resources == toset(["arn:aws:s3:::mlops-prod-terraform-state-123456789012/*"])])
    error_message = "Who plans reads the state, and nobody's data."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.this["apply"].statement : statement.effect == "Deny" && contains(statement.actions, "cloudtrail:StopLogging") && statement.resources == toset(["*"])])
    error_message = "Who applies an environment does not switch off who watches."
  }
}

run "keeps_plans_beside_the_state" {
  module {
    source = "./modules/ci"
  }

  assert {
    condition = { for role in ["plan", "apply"] : role => one([
      for statement in data.aws_iam_policy_document.this[role].statement : statement.actions
      if statement.effect != "Deny" && statement.resources == toset(["arn:aws:s3:::mlops-prod-terraform-state-123456789012/plans/*"])
    ]) } == { plan = toset(["s3:PutObject"]), apply = toset(["s3:GetObject"]) }
    error_message = "Who plans stores the plan, and who applies takes it from there."
  }
}

run "refuses_bad_values" {
  module {
    source = "./modules/ci"
  }

  command = plan

  variables {
    account_id      = "x"
    account_name    = "Mlops"
    platform_name   = "Mlops"
    environment     = "test"
    repository      = "example"
    repository_arns = { one = "x" }
    tags            = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [
    var.account_id, var.account_name, var.platform_name, var.environment, var.repository, var.repository_arns, var.tags,
  ]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/ci"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}
