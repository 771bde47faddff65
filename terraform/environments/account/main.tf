# What each account has once, applied before its environment and outliving it. Each account has its settings and its state:
# terraform apply -var-file=dev.tfvars

module "account" {
  source    = "../../modules/account"
  providers = { aws = aws, aws.secondary = aws.secondary }

  environment          = var.environment
  account_id           = var.account_id
  platform_name        = var.platform_name
  region               = var.region
  secondary            = var.secondary
  disposable           = var.disposable
  audit_lock           = var.audit_lock
  domain               = var.domain
  emails               = var.emails
  monthly_budget       = var.monthly_budget
  tags                 = var.tags
  team_budgets         = var.team_budgets
  cost_allocation_tags = var.cost_allocation_tags
  baseline             = var.baseline
  load_balancers       = var.load_balancers
  repository           = var.repository
}
