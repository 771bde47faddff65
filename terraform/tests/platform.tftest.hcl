# Written by npm run generate from modules/platform/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "secondary"
  source = "./tests/mocks"
}

variables {
  environment           = "prod"
  name                  = "mlops-prod"
  account_id            = "123456789012"
  region                = "us-east-1"
  secondary_region      = "us-west-2"
  availability_zones    = ["us-east-1a", "us-east-1b", "us-east-1c"]
  vpc_cidr              = "10.2.0.0/16"
  interface_endpoints   = ["ecr.api"]
  eks_version           = "1.35"
  node_instance_types   = ["m5.2xlarge", "m5a.2xlarge", "m6i.2xlarge"]
  node_desired_capacity = 20
  node_max_capacity     = 100
  enable_spot_instances = true
  spot_max_price        = "0.38"
  nodes                 = { system = { min = 3, desired = 3, max = 6 }, spot_share = 0.7, on_demand_min = 3 }
  databases             = { tracking = ["mlflow"], registry = ["feast"], platform = ["platform"] }
  rds_instance_class    = "db.r5.xlarge"
  rds_multi_az          = true
  recovery_days         = 35
  redis                 = { node_type = "cache.r6g.xlarge", nodes = 3 }
  redshift              = { node_type = "ra3.4xlarge", nodes = 2 }
  access_entries        = { administrators = { principal_arn = "arn:aws:iam::123456789012:role/administrators", policies = ["AmazonEKSClusterAdminPolicy"] } }
  teams                 = { clinical = { compliance = "hipaa" } }
  domain                = "mlops.example.com"
  standby               = { vpc_cidr = "10.3.0.0/16", availability_zones = ["us-west-2a", "us-west-2b", "us-west-2c"] }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "stands_in_two_regions" {
  module {
    source = "./modules/platform"
  }

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = output.disaster_recovery.cluster == "mlops-prod-dr" && join(" ", keys(output.disaster_recovery.replicas)) == "platform registry tracking" && join(" ", keys(output.disaster_recovery.buckets)) == "artifacts backups data"
    error_message = "Cluster, databases and objects are in the second region, too."
  }

  assert {
    condition     = contains(keys(output.role_arns), "team-clinical/workload") && output.zones["raw"] == "s3://mlops-prod-data-123456789012/raw/" && contains(keys(output.secrets_by_hand), "grafana")
    error_message = "Workloads find their roles, zones and secrets."
  }
}

run "divides_the_nodes" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  assert {
    condition     = local.node_groups.compute.spot.desired == 11 && local.node_groups.compute.on_demand.desired == 6 && local.node_groups.system.capacity_type == "ON_DEMAND"
    error_message = "Of 20 nodes 3 are the system's, and of the others 70 of 100 on spot."
  }
}

run "is_smaller_where_it_is_disposable" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    environment           = "dev"
    node_desired_capacity = 3
    nodes                 = { system = { min = 0, desired = 1, max = 3 }, system_on_spot = true, spot_share = 1 }
    databases             = { shared = ["mlflow", "feast", "platform"] }
    recovery_days         = 7
    redis                 = { node_type = "cache.t4g.small", nodes = 1 }
    redshift              = { node_type = "ra3.large", nodes = 1 }
    nat                   = "single"
    hours                 = {}
    disposable            = true
    standby               = null
    tags                  = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = local.node_groups.compute.on_demand == null && local.node_groups.compute.spot.desired == 2 && local.node_groups.system.capacity_type == "SPOT"
    error_message = "All nodes are on spot."
  }

  assert {
    condition     = length(module.off_hours) == 1 && join(" ", local.replicas) == "backups"
    error_message = "It sleeps at night, and copies its backups alone."
  }
}

run "does_without_spot" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    enable_spot_instances = false
  }

  assert {
    condition     = local.node_groups.compute.spot == null && local.node_groups.compute.on_demand.desired == 17
    error_message = "All nodes are on demand."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    account_id            = "x"
    account_name          = "Mlops"
    region                = "somewhere"
    vpc_cidr              = "172.16.0.0/16"
    nat                   = "many"
    interface_endpoints   = ["ECR"]
    eks_version           = "latest"
    public_endpoint_cidrs = ["0.0.0.0/0"]
    node_instance_types   = []
    node_desired_capacity = 2
    spot_max_price        = "free"
    databases             = { tracking = ["mlflow"] }
    rds_instance_class    = "r5.large"
    recovery_days         = 3
    redis                 = { node_type = "t4g", nodes = 1 }
    redshift              = { node_type = "dc2.large", nodes = 1 }
    teams                 = { one = { compliance = "secret" } }
    domain                = "localhost"
    hours                 = {}
  }

  expect_failures = [
    var.account_id, var.account_name, var.region, var.vpc_cidr, var.nat, var.interface_endpoints, var.eks_version, var.public_endpoint_cidrs,
    var.node_instance_types, var.node_desired_capacity, var.spot_max_price, var.databases, var.rds_instance_class, var.recovery_days, var.redis,
    var.redshift, var.teams, var.domain, var.hours,
  ]
}

run "refuses_production_in_one_region" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    standby = null
  }

  expect_failures = [var.standby]
}

run "refuses_what_does_not_fit_together" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    environment        = "dev"
    secondary_region   = "us-east-1"
    availability_zones = ["us-west-2a", "us-west-2b", "us-west-2c"]
    node_max_capacity  = 1
    nodes              = { system = { min = 3, desired = 3, max = 6 }, spot_share = 2 }
    access_entries     = { administrators = { principal_arn = "arn:aws:iam::999999999999:role/administrators", policies = ["AmazonEKSClusterAdminPolicy"] } }
  }

  expect_failures = [var.environment, var.secondary_region, var.availability_zones, var.node_max_capacity, var.nodes, var.access_entries]
}

run "refuses_a_second_region_that_overlaps" {
  module {
    source = "./modules/platform"
  }

  command = plan

  providers = { aws = aws, aws.secondary = aws.secondary }

  variables {
    standby = { vpc_cidr = "10.2.0.0/16", availability_zones = ["us-east-1a"] }
    nodes   = { system = { min = 3, desired = 20, max = 20 }, spot_share = 0.5 }
  }

  expect_failures = [var.standby, var.nodes]
}
