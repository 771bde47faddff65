# Staging: built as production is, smaller and in one region; half of compute on spot.

module "platform" {
  source    = "../../modules/platform"
  providers = { aws = aws, aws.secondary = aws.secondary }

  environment           = var.environment
  name                  = var.name
  account_id            = var.account_id
  region                = var.region
  secondary_region      = var.secondary_region
  availability_zones    = var.availability_zones
  vpc_cidr              = var.vpc_cidr
  eks_version           = var.eks_version
  node_instance_types   = var.node_instance_types
  node_desired_capacity = var.node_desired_capacity
  node_max_capacity     = var.node_max_capacity
  rds_instance_class    = var.rds_instance_class
  rds_multi_az          = var.rds_multi_az
  enable_spot_instances = var.enable_spot_instances
  spot_max_price        = var.spot_max_price
  access_entries        = var.access_entries
  teams                 = var.teams
  domain                = var.domain
  tags                  = var.tags
  public_endpoint_cidrs = var.public_endpoint_cidrs

  interface_endpoints = ["ecr.api", "ecr.dkr", "eks-auth", "kms", "logs"]
  nodes = {
    system        = { min = 2, desired = 2, max = 4 }
    spot_share    = 0.5
    on_demand_min = 1
    gpu           = { instance_types = ["g4dn.xlarge", "g5.xlarge"], capacity_type = "SPOT", max = 4 }
    hipaa         = { instance_types = ["m5n.xlarge", "m6i.xlarge"], max = 4 }
  }
  databases     = { tracking = ["mlflow"], registry = ["feast"], platform = ["platform"] }
  recovery_days = 14
  redis         = { node_type = "cache.r6g.large", nodes = 2 }
  redshift      = { node_type = "ra3.large", nodes = 2 }
}
