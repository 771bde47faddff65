# Environment identifier
environment = "staging"
name        = "mlops-staging"
account_id  = "234567890123"

# Networking
region             = "us-east-1"
secondary_region   = "us-west-2"
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
vpc_cidr           = "10.1.0.0/16"

# EKS
eks_version           = "1.35"
node_instance_types   = ["m5.2xlarge", "m5a.2xlarge", "m6i.2xlarge"]
node_desired_capacity = 6
node_max_capacity     = 20

# RDS
rds_instance_class = "db.r5.large"
rds_multi_az       = true

# Cost optimization
enable_spot_instances = true
spot_max_price        = "0.38"

# People
access_entries = {
  administrators       = { principal_arn = "arn:aws:iam::234567890123:role/platform-administrators", policies = ["AmazonEKSClusterAdminPolicy"] }
  operators            = { principal_arn = "arn:aws:iam::234567890123:role/platform-operators", groups = ["mlops:platform-operators"] }
  auditors             = { principal_arn = "arn:aws:iam::234567890123:role/auditors", groups = ["mlops:auditors"] }
  data-science         = { principal_arn = "arn:aws:iam::234567890123:role/team-data-science", groups = ["team-data-science:members"] }
  data-science-admins  = { principal_arn = "arn:aws:iam::234567890123:role/team-data-science-admins", groups = ["team-data-science:admins"] }
  data-science-viewers = { principal_arn = "arn:aws:iam::234567890123:role/team-data-science-viewers", groups = ["team-data-science:viewers"] }
}
teams = {
  data-science = {}
  clinical     = { compliance = "hipaa" }
}
domain = "staging.mlops.example.com"

# Tags
tags = {
  Environment = "staging"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
