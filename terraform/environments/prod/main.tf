# Production: two regions, three zones in each, on demand where it matters. The second region stands by: network, cluster with a
# small node group, replicas of the databases, copies of all objects. It takes over by the runbook.

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

  interface_endpoints = ["ec2", "ecr.api", "ecr.dkr", "eks-auth", "elasticloadbalancing", "kms", "logs", "sqs"]
  nodes = {
    system        = { min = 3, desired = 3, max = 6 }
    spot_share    = 0.7 # what may be interrupted: 70 of 100 nodes
    on_demand_min = 3
    gpu           = { instance_types = var.gpu_instance_types, desired = 2 }
    hipaa         = { instance_types = var.hipaa_instance_types, min = 2, desired = 2 }
  }
  databases     = { tracking = ["mlflow"], registry = ["feast"], platform = ["platform"] }
  recovery_days = 35
  redis         = { node_type = "cache.r6g.xlarge", nodes = 3 }
  redshift      = { node_type = "ra3.4xlarge", nodes = 2 }
  standby       = { vpc_cidr = var.secondary_vpc_cidr, availability_zones = var.secondary_availability_zones }
}
