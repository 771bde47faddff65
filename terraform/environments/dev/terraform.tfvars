# Environment identifier
environment = "dev"
name        = "mlops-dev"
account_id  = "123456789012"

# Networking
region             = "us-east-1"
secondary_region   = "us-west-2"
availability_zones = ["us-east-1a", "us-east-1b", "us-east-1c"]
vpc_cidr           = "10.0.0.0/16"

# EKS. 1.27 left extended support in July 2025.
eks_version           = "1.35"
node_instance_types   = ["m5.xlarge", "m5a.xlarge", "m5.2xlarge"]
node_desired_capacity = 3
node_max_capacity     = 10

# RDS
rds_instance_class = "db.t3.medium"
rds_multi_az       = false

# Cost optimization
enable_spot_instances = true
spot_max_price        = "0.30"

# People
access_entries = {
  administrators       = { principal_arn = "arn:aws:iam::123456789012:role/platform-administrators", policies = ["AmazonEKSClusterAdminPolicy"] }
  operators            = { principal_arn = "arn:aws:iam::123456789012:role/platform-operators", groups = ["mlops:platform-operators"] }
  auditors             = { principal_arn = "arn:aws:iam::123456789012:role/auditors", groups = ["mlops:auditors"] }
  data-science         = { principal_arn = "arn:aws:iam::123456789012:role/team-data-science", groups = ["team-data-science:members"] }
  data-science-admins  = { principal_arn = "arn:aws:iam::123456789012:role/team-data-science-admins", groups = ["team-data-science:admins"] }
  data-science-viewers = { principal_arn = "arn:aws:iam::123456789012:role/team-data-science-viewers", groups = ["team-data-science:viewers"] }
}
teams  = { data-science = {} }
domain = "dev.mlops.example.com"

# Tags
tags = {
  Environment = "dev"
  ManagedBy   = "terraform"
  Project     = "mlops-platform"
  CostCenter  = "engineering"
}
