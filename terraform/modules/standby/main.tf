# The second region. Everywhere it holds the copies of the cluster's backups; where an environment stands by there, network, cluster
# and access, too: the same modules as in the first, smaller, with keys of their own and on the copies of the data.

locals {
  name  = "${var.name}-dr"
  stays = var.cluster == null ? [] : [var.cluster]
}

module "kms" {
  source = "../kms"

  name            = var.name
  account_id      = var.account_id
  domains         = var.cluster == null ? ["backups"] : ["artifacts", "backups", "data", "eks", "hipaa", "logs", "notifications", "pci", "rds", "redis", "redshift", "secrets", "volumes"]
  deletion_window = var.deletion_window
  tags            = var.tags
}

module "vpc" {
  source = "../vpc"
  count  = length(local.stays)

  name                = var.name
  vpc_cidr            = local.stays[0].vpc_cidr
  availability_zones  = local.stays[0].availability_zones
  nat                 = "per_zone"
  interface_endpoints = local.stays[0].interface_endpoints
  flow_log_bucket_arn = var.primary.log_bucket_arn
  cluster_name        = local.name
  tags                = var.tags
}

module "eks" {
  source = "../eks"
  count  = length(local.stays)

  name                     = local.name
  eks_version              = local.stays[0].eks_version
  vpc_id                   = module.vpc[0].vpc_id
  subnet_ids               = module.vpc[0].private_subnet_ids
  control_plane_subnet_ids = module.vpc[0].intra_subnet_ids
  public_endpoint_cidrs    = local.stays[0].public_endpoint_cidrs
  key_arns = {
    secrets = module.kms.arns["eks"]
    logs    = module.kms.arns["logs"]
    volumes = module.kms.arns["volumes"]
    hipaa   = module.kms.arns["hipaa"]
  }
  node_groups      = local.stays[0].node_groups
  access_entries   = local.stays[0].access_entries
  pod_identities   = module.access[0].pod_identities
  ebs_csi_role_arn = module.access[0].ebs_csi_role_arn
  karpenter        = { interruption_key_arn = module.kms.arns["notifications"] }
  tags             = var.tags
}

# The same workloads on the copies, and with this region's keys.
module "access" {
  source = "../access"
  count  = length(local.stays)

  name       = local.name
  account_id = var.account_id
  buckets = {
    data            = var.primary.replicas["data"]
    artifacts       = var.primary.replicas["artifacts"]
    logs            = var.primary.buckets["logs"]
    backups         = var.primary.replicas["backups"]
    backups_replica = var.primary.buckets["backups"]
  }
  key_arns = merge(
    { for domain in ["data", "artifacts", "backups", "secrets", "volumes", "hipaa", "pci", "notifications"] : domain => module.kms.arns[domain] },
    { logs = var.primary.key_arns["logs"], backups_secondary = var.primary.key_arns["backups"] },
  )
  secret_prefix   = local.stays[0].secret_prefix
  secrets_by_hand = {} # the first region's are copied here
  domain          = local.stays[0].domain
  vpc_id          = module.vpc[0].vpc_id
  teams           = local.stays[0].teams
  tags            = var.tags
}

# Online features are not copied: Feast fills this cache from the offline store, so it must be there, and its token be turned here.
module "rotation" {
  source = "../rotation"
  count  = length(local.stays)

  name          = local.name
  account_id    = var.account_id
  key_arns      = { secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix = local.stays[0].secret_prefix
  vpc           = { id = module.vpc[0].vpc_id, subnet_ids = module.vpc[0].intra_subnet_ids, endpoint_security_group_id = module.vpc[0].endpoint_security_group_id }
  tags          = var.tags
}

module "redis" {
  source = "../redis"
  count  = length(local.stays)

  name          = local.name
  node_type     = local.stays[0].redis.node_type
  nodes         = local.stays[0].redis.nodes
  network       = { vpc_id = module.vpc[0].vpc_id, subnet_ids = module.vpc[0].intra_subnet_ids, client_security_groups = { cluster = module.eks[0].cluster_security_group_id } }
  key_arns      = { storage = module.kms.arns["redis"], secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix = local.stays[0].secret_prefix
  rotation      = { function_arn = module.rotation[0].function_arn }
  tags          = var.tags
}
