# What the environment's own settings say, too, is the same there: a test compares them.
environment      = "prod"
platform_name    = "mlops-prod"
account_id       = "345678901234"
region           = "us-east-1"
secondary_region = "us-west-2"
domain           = "mlops.example.com"

# Whether the second region is watched, too, and takes copies; whether all of it may be destroyed with what it holds
secondary  = true
disposable = false
audit_lock = { mode = "COMPLIANCE", days = 2557 }

# People
emails = ["mlops-support@company.com"]

# Cost
# The first year's 6.5 M$ for infrastructure; people and licences are no part of AWS's bill.
monthly_budget = 541667
team_budgets = {
  data-science = { amount = 120000 }
  clinical     = { amount = 80000 }
  payments     = { amount = 80000 }
}

# Workflows of this repository plan and apply, by GitHub's own tokens
repository = "example-org/mlops-platform"

# Tags
tags = {
  Environment = "prod"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
