# Environment identifier
environment = "prod"
name        = "mlops-prod"
account_id  = "345678901234"

# Networking
region                       = "us-east-1"
availability_zones           = ["us-east-1a", "us-east-1b", "us-east-1c"]
vpc_cidr                     = "10.2.0.0/16"
secondary_region             = "us-west-2"
secondary_availability_zones = ["us-west-2a", "us-west-2b", "us-west-2c"]
secondary_vpc_cidr           = "10.3.0.0/16"

# EKS
eks_version           = "1.35"
node_instance_types   = ["m5.2xlarge", "m5a.2xlarge", "m6i.2xlarge"]
node_desired_capacity = 20
node_max_capacity     = 100
gpu_instance_types    = ["g5.2xlarge"]
hipaa_instance_types  = ["m5n.2xlarge", "m6i.2xlarge"]

# RDS
rds_instance_class = "db.r5.xlarge"
rds_multi_az       = true

# Cost optimization
enable_spot_instances = true
spot_max_price        = "0.38"

# People
access_entries = {
  administrators       = { principal_arn = "arn:aws:iam::345678901234:role/platform-administrators", policies = ["AmazonEKSClusterAdminPolicy"] }
  operators            = { principal_arn = "arn:aws:iam::345678901234:role/platform-operators", groups = ["mlops:platform-operators"] }
  auditors             = { principal_arn = "arn:aws:iam::345678901234:role/auditors", groups = ["mlops:auditors"] }
  data-science         = { principal_arn = "arn:aws:iam::345678901234:role/team-data-science", groups = ["team-data-science:members"] }
  data-science-admins  = { principal_arn = "arn:aws:iam::345678901234:role/team-data-science-admins", groups = ["team-data-science:admins"] }
  data-science-viewers = { principal_arn = "arn:aws:iam::345678901234:role/team-data-science-viewers", groups = ["team-data-science:viewers"] }
  clinical             = { principal_arn = "arn:aws:iam::345678901234:role/team-clinical", groups = ["team-clinical:members"] }
  clinical-admins      = { principal_arn = "arn:aws:iam::345678901234:role/team-clinical-admins", groups = ["team-clinical:admins"] }
  clinical-viewers     = { principal_arn = "arn:aws:iam::345678901234:role/team-clinical-viewers", groups = ["team-clinical:viewers"] }
  payments             = { principal_arn = "arn:aws:iam::345678901234:role/team-payments", groups = ["team-payments:members"] }
  payments-admins      = { principal_arn = "arn:aws:iam::345678901234:role/team-payments-admins", groups = ["team-payments:admins"] }
  payments-viewers     = { principal_arn = "arn:aws:iam::345678901234:role/team-payments-viewers", groups = ["team-payments:viewers"] }
}
teams = {
  data-science = {}
  clinical     = { compliance = "hipaa" }
  payments     = { compliance = "pci" }
}
domain = "mlops.example.com"

# Tags
tags = {
  Environment = "prod"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
