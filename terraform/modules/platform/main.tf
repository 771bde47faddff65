# An environment of the platform in one region, with what a second region holds of it. What exists once for each account (trail,
# topics, backups' plan, registry, zone) is the module account's; this one knows it by its names.

locals {
  secret_prefix = "mlops/${var.environment}"
  aws           = "arn:${data.aws_partition.current.partition}"
  production    = var.tags.Environment == "prod"
  replicas      = local.production ? ["artifacts", "backups", "data"] : ["backups"]
  regulated     = { for team, settings in var.teams : team => settings.compliance if settings.compliance != "none" }
  clients       = { cluster = module.eks.cluster_security_group_id }
  # Endpoints without which something does not work at all: the rotation has no other way out, and pods reach private addresses only.
  endpoints = setunion(["elasticache", "rds", "redshift-data", "s3", "secretsmanager", "sts"], var.interface_endpoints)

  # Of the general nodes some are the system's; the others are shared between spot and on demand.
  compute = var.node_desired_capacity - var.nodes.system.desired
  on_spot = var.enable_spot_instances ? floor(local.compute * var.nodes.spot_share) : 0
  node_groups = {
    system = merge(var.nodes.system, {
      instance_types = var.node_instance_types
      capacity_type  = var.enable_spot_instances && var.nodes.system_on_spot ? "SPOT" : "ON_DEMAND"
    })
    compute = {
      instance_types = var.node_instance_types
      spot           = local.on_spot == 0 ? null : { min = 0, desired = local.on_spot, max = var.node_max_capacity }
      on_demand      = local.on_spot == local.compute ? null : { min = var.nodes.on_demand_min, desired = local.compute - local.on_spot, max = var.node_max_capacity }
    }
    gpu   = var.nodes.gpu
    hipaa = var.nodes.hipaa
  }
}

data "aws_partition" "current" {}

module "kms" {
  source = "../kms"

  name            = var.name
  account_id      = var.account_id
  deletion_window = var.disposable ? 7 : 30
  tags            = var.tags
}

module "standby" {
  source    = "../standby"
  providers = { aws = aws.secondary }

  name            = var.name
  account_id      = var.account_id
  deletion_window = var.disposable ? 7 : 30
  primary         = { buckets = module.s3.buckets, replicas = module.s3.replicas, key_arns = module.kms.arns, log_bucket_arn = module.s3.log_bucket_arn }
  tags            = var.tags
  cluster = var.standby == null ? null : {
    vpc_cidr              = var.standby.vpc_cidr
    availability_zones    = var.standby.availability_zones
    interface_endpoints   = local.endpoints
    eks_version           = var.eks_version
    public_endpoint_cidrs = var.public_endpoint_cidrs
    secret_prefix         = local.secret_prefix
    domain                = var.domain
    redis                 = { node_type = var.redis.node_type, nodes = 2 } # as much memory, and no third copy
    teams                 = var.teams
    access_entries        = var.access_entries
    node_groups = {
      system  = { instance_types = var.node_instance_types, min = 2, desired = 2, max = 6 }
      compute = { instance_types = var.node_instance_types, on_demand = { min = 0, desired = 0, max = var.node_max_capacity } }
      gpu     = var.nodes.gpu
      hipaa   = var.nodes.hipaa
    }
  }
}

# Buckets <name>-data-<account>, -artifacts-, -logs- and -backups-, and the copies -backups-replica- and so on
module "s3" {
  source    = "../s3"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name              = var.name
  account_id        = var.account_id
  key_arns          = { for bucket in ["artifacts", "backups", "data", "logs"] : bucket => module.kms.arns[bucket] }
  replicas          = { for bucket in local.replicas : bucket => module.standby.key_arns[bucket] }
  access_log_bucket = "${var.account_name}-access-logs-${var.account_id}"
  regulated_teams = { for team, compliance in local.regulated : team => {
    key_arn = module.kms.arns[compliance], replica_key_arn = local.production ? module.standby.key_arns[compliance] : null
  } }
  force_destroy = var.disposable
  tags          = var.tags
}

module "vpc" {
  source = "../vpc"

  name                = var.name
  vpc_cidr            = var.vpc_cidr
  availability_zones  = var.availability_zones
  nat                 = var.nat
  interface_endpoints = local.endpoints
  flow_log_bucket_arn = module.s3.log_bucket_arn
  cluster_name        = var.name
  tags                = var.tags
}

module "access" {
  source = "../access"

  name       = var.name
  account_id = var.account_id
  buckets    = merge({ for bucket in ["artifacts", "backups", "data", "logs"] : bucket => module.s3.buckets[bucket] }, { backups_replica = module.s3.replicas["backups"] })
  key_arns = merge(
    { for domain in ["data", "artifacts", "logs", "backups", "secrets", "volumes", "hipaa", "pci", "notifications"] : domain => module.kms.arns[domain] },
    { backups_secondary = module.standby.key_arns["backups"] },
  )
  secret_prefix  = local.secret_prefix
  secret_replica = var.standby == null ? null : { region = var.secondary_region, key_arn = module.standby.key_arns["secrets"] }
  domain         = var.domain
  vpc_id         = module.vpc.vpc_id
  teams          = var.teams
  tags           = var.tags
}

module "eks" {
  source = "../eks"

  name                     = var.name
  eks_version              = var.eks_version
  vpc_id                   = module.vpc.vpc_id
  subnet_ids               = module.vpc.private_subnet_ids
  control_plane_subnet_ids = module.vpc.intra_subnet_ids
  public_endpoint_cidrs    = var.public_endpoint_cidrs
  key_arns                 = { secrets = module.kms.arns["eks"], logs = module.kms.arns["logs"], volumes = module.kms.arns["volumes"], hipaa = module.kms.arns["hipaa"] }
  node_groups              = local.node_groups
  access_entries           = var.access_entries
  pod_identities           = module.access.pod_identities
  ebs_csi_role_arn         = module.access.ebs_csi_role_arn
  karpenter                = { interruption_key_arn = module.kms.arns["notifications"] }
  tags                     = var.tags
}

module "rotation" {
  source = "../rotation"

  name          = var.name
  account_id    = var.account_id
  key_arns      = { secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix = local.secret_prefix
  vpc           = { id = module.vpc.vpc_id, subnet_ids = module.vpc.intra_subnet_ids, endpoint_security_group_id = module.vpc.endpoint_security_group_id }
  tags          = var.tags
}

# Secrets mlops/<environment>/mlflow-database, feast-database and platform-database
module "rds" {
  source    = "../rds"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name                  = var.name
  instances             = { for instance, databases in var.databases : instance => { databases = databases, instance_class = var.rds_instance_class, multi_az = var.rds_multi_az } }
  network               = { vpc_id = module.vpc.vpc_id, subnet_ids = module.vpc.intra_subnet_ids, client_security_groups = local.clients }
  key_arns              = { storage = module.kms.arns["rds"], secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix         = local.secret_prefix
  rotation              = { function_arn = module.rotation.function_arn }
  backup_retention_days = var.recovery_days
  deletion_protection   = !var.disposable
  tags                  = var.tags
  replica = var.standby == null ? null : {
    vpc_id                 = module.standby.network.vpc_id
    subnet_ids             = module.standby.network.subnet_ids
    client_security_groups = { cluster = module.standby.network.cluster_security_group_id }
    region                 = var.secondary_region
    key_arn                = module.standby.key_arns["rds"]
    log_key_arn            = module.standby.key_arns["logs"]
    secret_key_arn         = module.standby.key_arns["secrets"]
  }
}

module "redis" {
  source = "../redis"

  name                    = var.name
  node_type               = var.redis.node_type
  nodes                   = var.redis.nodes
  network                 = { vpc_id = module.vpc.vpc_id, subnet_ids = module.vpc.intra_subnet_ids, client_security_groups = local.clients }
  key_arns                = { storage = module.kms.arns["redis"], secrets = module.kms.arns["secrets"], logs = module.kms.arns["logs"] }
  secret_prefix           = local.secret_prefix
  rotation                = { function_arn = module.rotation.function_arn }
  snapshot_retention_days = var.disposable ? 1 : 7
  tags                    = var.tags
}

module "redshift" {
  source    = "../redshift"
  providers = { aws = aws, aws.secondary = aws.secondary }

  name                    = var.name
  account_id              = var.account_id
  node_type               = var.redshift.node_type
  nodes                   = var.redshift.nodes
  network                 = { vpc_id = module.vpc.vpc_id, subnet_ids = module.vpc.intra_subnet_ids, client_security_groups = local.clients }
  key_arns                = { storage = module.kms.arns["redshift"], secrets = module.kms.arns["secrets"], data = module.kms.arns["data"], logs = module.kms.arns["logs"] }
  data_bucket_arn         = module.s3.arns["data"]
  secret_prefix           = local.secret_prefix
  snapshot_retention_days = var.disposable ? 1 : 7
  snapshot_copy           = var.standby == null ? null : { region = var.secondary_region, key_arn = module.standby.key_arns["redshift"] }
  tags                    = var.tags
}

module "monitoring" {
  source = "../monitoring"

  name              = var.name
  account_id        = var.account_id
  topic_arns        = { for topic in ["critical", "warning"] : topic => "${local.aws}:sns:${var.region}:${var.account_id}:${var.account_name}-${topic}" }
  databases         = module.rds.instance_ids
  cache_nodes       = { for index, node in module.redis.node_ids : index => node }
  redshift_clusters = { offline = module.redshift.cluster_identifier }
  tags              = var.tags
}

module "off_hours" {
  source = "../off-hours"
  count  = var.hours == null ? 0 : 1

  name              = var.name
  account_id        = var.account_id
  hours             = var.hours
  cluster_name      = module.eks.cluster_name
  node_groups       = module.eks.node_groups
  karpenter_tag     = { key = "ManagedBy", value = "karpenter" } # as the node classes of the manifests tag them
  databases         = module.rds.instance_ids
  redshift_clusters = { offline = module.redshift.cluster_identifier }
  key_arn           = module.kms.arns["notifications"]
  tags              = var.tags
}
