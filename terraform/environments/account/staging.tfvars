# What the environment's own settings say, too, is the same there: a test compares them.
environment      = "staging"
platform_name    = "mlops-staging"
account_id       = "234567890123"
region           = "us-east-1"
secondary_region = "us-west-2"
domain           = "staging.mlops.example.com"

# Whether the second region is watched, too, and takes copies; whether all of it may be destroyed with what it holds
secondary  = false
disposable = false
audit_lock = { mode = "GOVERNANCE", days = 365 }

# People
emails = ["mlops-support@company.com"]

# Cost
monthly_budget = 8000

# Workflows of this repository plan and apply, by GitHub's own tokens
repository = "example-org/mlops-platform"

# Tags
tags = {
  Environment = "staging"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
