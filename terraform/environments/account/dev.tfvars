# What the environment's own settings say, too, is the same there: a test compares them.
environment      = "dev"
platform_name    = "mlops-dev"
account_id       = "123456789012"
region           = "us-east-1"
secondary_region = "us-west-2"
domain           = "dev.mlops.example.com"

# Whether the second region is watched, too, and takes copies; whether all of it may be destroyed with what it holds
secondary  = false
disposable = true
audit_lock = { mode = "GOVERNANCE", days = 30 }

# People
emails = ["mlops-support@company.com"]

# Cost
monthly_budget = 1500

# Workflows of this repository plan and apply, by GitHub's own tokens
repository = "example-org/mlops-platform"

# Tags
tags = {
  Environment = "dev"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
