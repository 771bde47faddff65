mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name            = "mlops-prod"
  account_id      = "123456789012"
  deletion_window = 30
  primary = {
    buckets        = { logs = "mlops-prod-logs-123456789012", backups = "mlops-prod-backups-123456789012" }
    replicas       = { data = "mlops-prod-data-replica-123456789012", artifacts = "mlops-prod-artifacts-replica-123456789012", backups = "mlops-prod-backups-replica-123456789012" }
    key_arns       = { logs = "arn:aws:kms:us-east-1:123456789012:key/logs", backups = "arn:aws:kms:us-east-1:123456789012:key/backups" }
    log_bucket_arn = "arn:aws:s3:::mlops-prod-logs-123456789012"
  }
  cluster = {
    vpc_cidr              = "10.3.0.0/16"
    availability_zones    = ["us-west-2a", "us-west-2b", "us-west-2c"]
    interface_endpoints   = ["s3", "sts"]
    eks_version           = "1.35"
    public_endpoint_cidrs = []
    secret_prefix         = "mlops/prod"
    domain                = "mlops.example.com"
    redis                 = { node_type = "cache.r6g.xlarge", nodes = 2 }
    teams                 = { data-science = {} }
    access_entries        = { administrators = { principal_arn = "arn:aws:iam::123456789012:role/administrators", policies = ["AmazonEKSClusterAdminPolicy"] } }
    node_groups = {
      system  = { instance_types = ["m5.2xlarge"], min = 2, desired = 2, max = 6 }
      compute = { instance_types = ["m5.2xlarge"], on_demand = { min = 0, desired = 0, max = 10 } }
    }
  }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "stands_by" {
  assert {
    condition     = output.cluster_name == "mlops-prod-dr" && length(output.key_arns) == 13 && output.network != null
    error_message = "There is a cluster of its own name, with keys of this region."
  }

  assert {
    condition     = contains(keys(output.pod_identities), "mlops/platform-api")
    error_message = "Workloads have their roles here, too."
  }
}

run "can_serve_features" {
  assert {
    condition     = length(module.redis) == 1 && length(module.rotation) == 1
    error_message = "The online store is there, and its token is turned without the first region."
  }
}

run "keeps_copies_only" {
  variables {
    cluster = null
    tags    = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = join(" ", keys(output.key_arns)) == "backups" && output.network == null && output.cluster_name == null && length(output.pod_identities) == 0
    error_message = "Where nothing stands by there is a key for the copies of the backups, and nothing else."
  }
}

run "refuses_bad_names_and_tags" {
  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    account_id      = "x"
    deletion_window = 6
    cluster         = null
    primary         = { buckets = {}, replicas = {}, key_arns = {}, log_bucket_arn = "" }
  }

  expect_failures = [var.account_id, var.deletion_window, var.cluster, var.primary]
}
