# What an account has once, whatever is built in it, and what must outlive an environment that is destroyed: the trail and its locked
# bucket, detection, the zone that the parent domain leads to, recovery points, images, topics, budgets, and the roles of CI. It is
# applied before the environment.

locals {
  aws      = "arn:${data.aws_partition.current.partition}"
  buckets  = { audit = module.kms.arns["audit"], config = module.kms.arns["audit"] }
  recorded = [for bucket in ["artifacts", "data"] : "${local.aws}:s3:::${var.platform_name}-${bucket}-"]
}

data "aws_partition" "current" {}

module "kms" {
  source = "../kms"

  name            = var.name
  account_id      = var.account_id
  domains         = ["artifacts", "audit", "backup-vault", "logs", "notifications"]
  deletion_window = var.disposable ? 7 : 30
  tags            = var.tags
}

module "kms_secondary" {
  source    = "../kms"
  providers = { aws = aws.secondary }
  count     = var.secondary ? 1 : 0

  name            = var.name
  account_id      = var.account_id
  domains         = ["audit", "backup-vault"]
  deletion_window = var.disposable ? 7 : 30
  tags            = var.tags
}

# Buckets <name>-audit-<account>, -config- and -access-logs-
module "s3" {
  source    = "../s3"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name          = var.name
  account_id    = var.account_id
  key_arns      = local.buckets
  replicas      = var.secondary ? { audit = module.kms_secondary[0].arns["audit"] } : {}
  audit_lock    = var.audit_lock
  trail_arn     = "${local.aws}:cloudtrail:${var.region}:${var.account_id}:trail/${var.name}"
  force_destroy = var.disposable
  tags          = var.tags
}

module "security" {
  source = "../security"

  name          = var.name
  account_id    = var.account_id
  audit_bucket  = module.s3.audit_bucket
  config_bucket = module.s3.config_bucket
  audit_key_arn = module.kms.arns["audit"]
  baseline      = var.baseline
  trail         = { bucket_arn_prefixes = local.recorded, log_key_arn = module.kms.arns["logs"] }
  tags          = var.tags
}

module "security_secondary" {
  source    = "../security"
  providers = { aws = aws.secondary }
  count     = var.secondary ? 1 : 0

  name          = var.name
  account_id    = var.account_id
  audit_bucket  = module.s3.audit_bucket
  config_bucket = module.s3.config_bucket
  audit_key_arn = module.kms.arns["audit"]
  baseline      = var.baseline
  tags          = var.tags
}

module "dns" {
  source = "../dns"

  name           = var.name
  domain         = var.domain
  load_balancers = var.load_balancers
  query_log      = { key_arn = module.kms.arns["logs"] }
  tags           = var.tags
}

module "registry" {
  source = "../registry"

  key_arn      = module.kms.arns["artifacts"]
  force_delete = var.disposable
  tags         = var.tags
}

module "backup" {
  source    = "../backup"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name       = var.name
  account_id = var.account_id
  key_arn    = module.kms.arns["backup-vault"]
  copy       = var.secondary ? { key_arn = module.kms_secondary[0].arns["backup-vault"] } : null
  lock       = !var.disposable
  tags       = var.tags
}

module "monitoring" {
  source = "../monitoring"

  name            = var.name
  account_id      = var.account_id
  key_arn         = module.kms.arns["notifications"]
  emails          = var.emails
  trail_log_group = module.security.trail_log_group
  tags            = var.tags
}

module "cost" {
  source = "../cost"

  name                 = var.name
  cost_allocation_tags = var.cost_allocation_tags
  monthly_budget       = var.monthly_budget
  team_budgets         = var.team_budgets
  emails               = var.emails
  topic_arn            = module.monitoring.topic_arns["warning"]
  tags                 = var.tags
}

module "ci" {
  source = "../ci"
  count  = var.repository == null ? 0 : 1

  account_id      = var.account_id
  account_name    = var.name
  platform_name   = var.platform_name
  environment     = var.environment
  repository      = var.repository
  repository_arns = module.registry.arns
  tags            = var.tags
}
