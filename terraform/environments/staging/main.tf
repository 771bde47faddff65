# Staging: built as production is, smaller and in one region; half of compute on spot.

module "kms" {
  source = "../../modules/kms"

  name       = var.name
  account_id = var.account_id
  tags       = var.tags
}

# The second region holds nothing but the copies of the cluster's backups.
module "kms_secondary" {
  source    = "../../modules/kms"
  providers = { aws = aws.secondary }

  name       = var.name
  account_id = var.account_id
  domains    = ["backups"]
  tags       = var.tags
}

# Buckets mlops-staging-data-<account>, -artifacts-, -logs-, -audit-, -config-, -backups- and -backups-replica-
module "s3" {
  source    = "../../modules/s3"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name       = var.name
  account_id = var.account_id
  key_arns = {
    data      = module.kms.arns["data"]
    artifacts = module.kms.arns["artifacts"]
    logs      = module.kms.arns["logs"]
    audit     = module.kms.arns["audit"]
    config    = module.kms.arns["audit"]
    backups   = module.kms.arns["backups"]
  }
  replicas        = { backups = module.kms_secondary.arns["backups"] }
  audit_lock      = { mode = "GOVERNANCE", days = 365 }
  regulated_teams = { for team, settings in var.teams : team => { key_arn = module.kms.arns[settings.compliance] } if contains(["hipaa", "pci"], settings.compliance) }
  trail_arn       = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${var.name}"
  tags            = var.tags
}

module "registry" {
  source = "../../modules/registry"

  key_arn = module.kms.arns["artifacts"]
  tags    = var.tags
}

module "vpc" {
  source = "../../modules/vpc"

  name                = var.name
  vpc_cidr            = var.vpc_cidr
  availability_zones  = var.availability_zones
  nat                 = "per_zone"
  interface_endpoints = ["ecr.api", "ecr.dkr", "eks-auth", "elasticache", "kms", "logs", "rds", "redshift-data", "s3", "secretsmanager", "sts"]
  flow_log_bucket_arn = module.s3.log_bucket_arn
  cluster_name        = var.name
  tags                = var.tags
}

module "security" {
  source = "../../modules/security"

  name          = var.name
  account_id    = var.account_id
  audit_bucket  = module.s3.audit_bucket
  config_bucket = module.s3.config_bucket
  baseline      = var.baseline
  key_arns      = { audit = module.kms.arns["audit"], logs = module.kms.arns["logs"], volumes = module.kms.arns["volumes"] }
  trail         = { data_bucket_arns = [module.s3.arns["data"], module.s3.arns["artifacts"]] }
  tags          = var.tags
}

module "dns" {
  source = "../../modules/dns"

  name           = var.name
  domain         = var.domain
  load_balancers = var.load_balancers
  query_log      = { key_arn = module.kms.arns["logs"] }
  tags           = var.tags
}

module "access" {
  source = "../../modules/access"

  name       = var.name
  account_id = var.account_id
  buckets = {
    data            = module.s3.buckets["data"]
    artifacts       = module.s3.buckets["artifacts"]
    logs            = module.s3.buckets["logs"]
    backups         = module.s3.buckets["backups"]
    backups_replica = module.s3.replicas["backups"]
  }
  key_arns = {
    data              = module.kms.arns["data"]
    artifacts         = module.kms.arns["artifacts"]
    logs              = module.kms.arns["logs"]
    backups           = module.kms.arns["backups"]
    backups_secondary = module.kms_secondary.arns["backups"]
    secrets           = module.kms.arns["secrets"]
    volumes           = module.kms.arns["volumes"]
    hipaa             = module.kms.arns["hipaa"]
    pci               = module.kms.arns["pci"]
    notifications     = module.kms.arns["notifications"]
  }
  secret_prefix            = "mlops/${var.environment}"
  hosted_zone_arn          = module.dns.zone_arn
  vpc_id                   = module.vpc.vpc_id
  prometheus_workspace_arn = module.monitoring.prometheus_workspace_arn
  teams                    = var.teams
  tags                     = var.tags
}

module "eks" {
  source = "../../modules/eks"

  name                     = var.name
  eks_version              = var.eks_version
  vpc_id                   = module.vpc.vpc_id
  subnet_ids               = module.vpc.private_subnet_ids
  control_plane_subnet_ids = module.vpc.intra_subnet_ids
  public_endpoint_cidrs    = var.public_endpoint_cidrs
  key_arns = {
    secrets = module.kms.arns["eks"]
    logs    = module.kms.arns["logs"]
    volumes = module.kms.arns["volumes"]
    hipaa   = module.kms.arns["hipaa"]
  }
  node_groups = {
    system = { instance_types = var.node_instance_types, min = 2, desired = 2, max = 4 }
    compute = {
      instance_types = var.node_instance_types
      on_demand = {
        min     = 1
        desired = var.enable_spot_instances ? ceil((var.node_desired_capacity - 2) / 2) : var.node_desired_capacity - 2
        max     = var.node_max_capacity
      }
      spot = var.enable_spot_instances ? { min = 0, desired = floor((var.node_desired_capacity - 2) / 2), max = var.node_max_capacity } : null
    }
    gpu   = { instance_types = ["g4dn.xlarge", "g5.xlarge"], capacity_type = "SPOT", max = 4 }
    hipaa = { instance_types = ["m5n.xlarge", "m6i.xlarge"], max = 4 }
  }
  access_entries   = var.access_entries
  pod_identities   = module.access.pod_identities
  ebs_csi_role_arn = module.access.ebs_csi_role_arn
  karpenter        = { interruption_key_arn = module.kms.arns["notifications"] }
  tags             = var.tags
}

module "rotation" {
  source = "../../modules/rotation"

  name          = var.name
  account_id    = var.account_id
  key_arns      = { secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix = "mlops/${var.environment}"
  vpc           = { id = module.vpc.vpc_id, subnet_ids = module.vpc.intra_subnet_ids, endpoint_security_group_id = module.vpc.endpoint_security_group_id }
  tags          = var.tags
}

# Secrets mlops/staging/mlflow-database, feast-database and platform-database
module "rds" {
  source    = "../../modules/rds"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name = var.name
  instances = {
    tracking = { databases = ["mlflow"], instance_class = var.rds_instance_class, multi_az = var.rds_multi_az }
    registry = { databases = ["feast"], instance_class = var.rds_instance_class, multi_az = var.rds_multi_az }
    platform = { databases = ["platform"], instance_class = var.rds_instance_class, multi_az = var.rds_multi_az }
  }
  network = {
    vpc_id                 = module.vpc.vpc_id
    subnet_ids             = module.vpc.intra_subnet_ids
    client_security_groups = { cluster = module.eks.cluster_security_group_id }
  }
  key_arns              = { storage = module.kms.arns["rds"], secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix         = "mlops/${var.environment}"
  rotation              = { function_arn = module.rotation.function_arn }
  backup_retention_days = 14
  tags                  = var.tags
}

module "redis" {
  source = "../../modules/redis"

  name      = var.name
  node_type = "cache.r6g.large"
  nodes     = 2
  network = {
    vpc_id                 = module.vpc.vpc_id
    subnet_ids             = module.vpc.intra_subnet_ids
    client_security_groups = { cluster = module.eks.cluster_security_group_id }
  }
  key_arns      = { storage = module.kms.arns["redis"], secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix = "mlops/${var.environment}"
  rotation      = { function_arn = module.rotation.function_arn }
  tags          = var.tags
}

module "redshift" {
  source    = "../../modules/redshift"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name       = var.name
  account_id = var.account_id
  node_type  = "ra3.large"
  nodes      = 2
  network = {
    vpc_id                 = module.vpc.vpc_id
    subnet_ids             = module.vpc.intra_subnet_ids
    client_security_groups = { cluster = module.eks.cluster_security_group_id }
  }
  key_arns        = { storage = module.kms.arns["redshift"], secrets = module.kms.arns["secrets"], data = module.kms.arns["data"], logs = module.kms.arns["logs"] }
  data_bucket_arn = module.s3.arns["data"]
  secret_prefix   = "mlops/${var.environment}"
  tags            = var.tags
}

module "backup" {
  source    = "../../modules/backup"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name       = var.name
  account_id = var.account_id
  key_arn    = module.kms.arns["backup-vault"]
  tags       = var.tags
}

module "monitoring" {
  source = "../../modules/monitoring"

  name              = var.name
  account_id        = var.account_id
  key_arns          = { notifications = module.kms.arns["notifications"], logs = module.kms.arns["logs"] }
  emails            = var.emails
  databases         = module.rds.instance_ids
  cache_nodes       = { for index, node in module.redis.node_ids : index => node }
  redshift_clusters = { offline = module.redshift.cluster_identifier }
  trail_log_group   = module.security.trail_log_group
  tags              = var.tags
}

module "cost" {
  source = "../../modules/cost"

  name                 = var.name
  cost_allocation_tags = var.cost_allocation_tags
  monthly_budget       = var.monthly_budget
  team_budgets         = var.team_budgets
  emails               = var.emails
  topic_arn            = module.monitoring.topic_arns["warning"]
  tags                 = var.tags
}
