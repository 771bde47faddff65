# Development: one region, spot nodes, one NAT gateway, single zones for data stores, stopped outside business hours.

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

  disposable    = true
  hours         = var.hours
  nat           = "single"
  nodes         = { system = { min = 0, desired = 1, max = 3 }, system_on_spot = true, spot_share = 1 }
  databases     = { shared = ["mlflow", "feast", "platform"] } # one instance for all three
  recovery_days = 7
  redis         = { node_type = "cache.t4g.small", nodes = 1 }
  redshift      = { node_type = "ra3.large", nodes = 1 }
}
