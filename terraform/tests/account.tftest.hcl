# Written by npm run generate from modules/account/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "secondary"
  source = "./tests/mocks"
}

variables {
  environment    = "prod"
  platform_name  = "mlops-prod"
  account_id     = "123456789012"
  region         = "us-east-1"
  secondary      = true
  audit_lock     = { mode = "COMPLIANCE", days = 2557 }
  domain         = "mlops.example.com"
  emails         = ["mlops-support@company.com"]
  monthly_budget = 541667
  repository     = "example-org/mlops-platform"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "makes_what_there_is_once" {
  module {
    source = "./modules/account"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = output.image_repositories != null && length(output.name_servers) > 0 && output.vaults.secondary != null
    error_message = "Images, a zone, and recovery points in both regions."
  }

  assert {
    condition     = join(" ", keys(output.ci_role_arns)) == "apply images plan"
    error_message = "Workflows have their roles."
  }
}

run "does_without_workflows_and_a_second_region" {
  module {
    source = "./modules/account"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    environment   = "dev"
    platform_name = "mlops-dev"
    secondary     = false
    repository    = null
    disposable    = true
    audit_lock    = { mode = "GOVERNANCE", days = 30 }
    tags          = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = output.vaults.secondary == null && length(output.ci_role_arns) == 0
    error_message = "Nothing is made that was not asked for."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/account"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/account"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/account"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    account_id           = "x"
    platform_name        = "mlops-account"
    region               = "somewhere"
    secondary            = false
    baseline             = ["macie"]
    audit_lock           = { mode = "NONE", days = 1 }
    domain               = "localhost"
    load_balancers       = { primary = { name = "example.com", zone_id = "Z1" } }
    emails               = []
    monthly_budget       = 0
    team_budgets         = { one = { amount = 0 } }
    cost_allocation_tags = ["Colour"]
    repository           = "example"
  }

  expect_failures = [
    var.account_id, var.platform_name, var.region, var.secondary, var.baseline, var.audit_lock, var.domain, var.load_balancers, var.emails,
    var.monthly_budget, var.team_budgets, var.cost_allocation_tags, var.repository,
  ]
}

run "refuses_the_tag_of_another_environment" {
  module {
    source = "./modules/account"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    environment = "dev"
  }

  expect_failures = [var.environment]
}
