# Written by npm run generate from modules/eks/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                     = "mlops-prod"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2", "subnet-3"]
  control_plane_subnet_ids = ["subnet-4", "subnet-5", "subnet-6"]
  key_arns = {
    secrets = "arn:aws:kms:us-east-1:123456789012:key/eks"
    logs    = "arn:aws:kms:us-east-1:123456789012:key/logs"
    volumes = "arn:aws:kms:us-east-1:123456789012:key/volumes"
    hipaa   = "arn:aws:kms:us-east-1:123456789012:key/hipaa"
  }
  node_groups = {
    system = { instance_types = ["m5.2xlarge", "m5a.2xlarge"] }
    compute = {
      instance_types = ["m5.2xlarge", "m5a.2xlarge"]
      on_demand      = { min = 3, desired = 3, max = 10 }
      spot           = { min = 0, desired = 7, max = 20 }
    }
    gpu   = { instance_types = ["g5.2xlarge"] }
    hipaa = { instance_types = ["m5n.2xlarge"], min = 2, desired = 2 }
  }
  access_entries = {
    administrators = { principal_arn = "arn:aws:iam::123456789012:role/administrators", policies = ["AmazonEKSClusterAdminPolicy"] }
    operators      = { principal_arn = "arn:aws:iam::123456789012:role/operators", groups = ["mlops:platform-operators"] }
  }
  pod_identities   = { "mlflow/mlflow" = "arn:aws:iam::123456789012:role/mlops-prod-mlflow-mlflow" }
  ebs_csi_role_arn = "arn:aws:iam::123456789012:role/mlops-prod-ebs-csi"
  karpenter        = { interruption_key_arn = "arn:aws:kms:us-east-1:123456789012:key/notifications" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "protects_the_control_plane" {
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = toset(aws_eks_cluster.this.enabled_cluster_log_types) == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "All five logs are on."
  }

  assert {
    condition     = one(one(aws_eks_cluster.this.encryption_config).provider).key_arn == var.key_arns.secrets
    error_message = "Secrets are encrypted by a key of ours."
  }

  assert {
    condition     = one(aws_eks_cluster.this.vpc_config).endpoint_private_access && !one(aws_eks_cluster.this.vpc_config).endpoint_public_access
    error_message = "The API server is private."
  }

  assert {
    condition     = one(aws_eks_cluster.this.access_config).authentication_mode == "API" && !one(aws_eks_cluster.this.access_config).bootstrap_cluster_creator_admin_permissions
    error_message = "Who may do what is written down; whoever made the cluster is nobody special."
  }

  assert {
    condition     = aws_cloudwatch_log_group.cluster.retention_in_days == 365 && aws_cloudwatch_log_group.cluster.kms_key_id == var.key_arns.logs
    error_message = "Logs are encrypted and kept for a year."
  }

  assert {
    condition     = aws_eks_cluster.this.version == "1.35" && one(aws_eks_cluster.this.upgrade_policy).support_type == "STANDARD"
    error_message = "The cluster never slides into paid extended support."
  }
}

run "gives_services_addresses_that_policies_allow" {
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = one(aws_eks_cluster.this.kubernetes_network_config).service_ipv4_cidr == "10.100.0.0/16"
    error_message = "Network policies allow 10.0.0.0/8, and are asked about the Service's address."
  }
}

run "refuses_services_elsewhere" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    service_cidr = "172.20.0.0/16"
  }

  expect_failures = [var.service_cidr]
}

run "taints_and_hardens_nodes" {
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = join(" ", keys(aws_eks_node_group.this)) == "compute-on-demand compute-spot gpu hipaa system"
    error_message = "Five groups."
  }

  assert {
    condition     = alltrue([for name, key in { system = "CriticalAddonsOnly", gpu = "nvidia.com/gpu", hipaa = "mlops.dev/compliance" } : one(aws_eks_node_group.this[name].taint).key == key && one(aws_eks_node_group.this[name].taint).effect == "NO_SCHEDULE"])
    error_message = "System, GPU and HIPAA nodes are tainted."
  }

  assert {
    condition     = alltrue([for name in ["system", "hipaa", "compute-on-demand"] : aws_eks_node_group.this[name].capacity_type == "ON_DEMAND"]) && aws_eks_node_group.this["compute-spot"].capacity_type == "SPOT"
    error_message = "Only compute runs on spot."
  }

  assert {
    condition     = one(aws_eks_node_group.this["gpu"].scaling_config).min_size == 0 && one(aws_eks_node_group.this["gpu"].scaling_config).max_size == 20
    error_message = "GPU nodes: 0 to 20."
  }

  assert {
    condition     = alltrue([for template in aws_launch_template.node : one(template.metadata_options).http_tokens == "required" && one(template.metadata_options).http_put_response_hop_limit == 1])
    error_message = "IMDSv2 only, one hop."
  }

  assert {
    condition = alltrue([for name, template in aws_launch_template.node : one(one(template.block_device_mappings).ebs).encrypted == "true" &&
    one(one(template.block_device_mappings).ebs).kms_key_id == (name == "hipaa" ? var.key_arns.hipaa : var.key_arns.volumes)])
    error_message = "Volumes are encrypted, those for health data by a key of their own."
  }

  assert {
    condition     = aws_eks_node_group.this["system"].labels["mlops.dev/node-pool"] == "system"
    error_message = "Pods find their pool by label."
  }
}

run "installs_addons_and_identities" {
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = jsondecode(aws_eks_addon.early["vpc-cni"].configuration_values).enableNetworkPolicy == "true" && jsondecode(aws_eks_addon.early["vpc-cni"].configuration_values).env.ENABLE_PREFIX_DELEGATION == "true"
    error_message = "Network policies are enforced, and nodes get prefixes of addresses."
  }

  assert {
    condition     = join(" ", keys(aws_eks_addon.late)) == "aws-ebs-csi-driver coredns metrics-server snapshot-controller"
    error_message = "What needs nodes comes after them."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.late["aws-ebs-csi-driver"].configuration_values).controller.extraVolumeTags.Backup == "hourly" && !contains(keys(jsondecode(aws_eks_addon.late["aws-ebs-csi-driver"].configuration_values).controller.extraVolumeTags), "Team")
    error_message = "Volumes are backed up, and nobody's team pays for another's."
  }

  assert {
    condition     = aws_eks_pod_identity_association.this["mlflow/mlflow"].namespace == "mlflow" && aws_eks_pod_identity_association.this["kube-system/ebs-csi-controller-sa"].role_arn == var.ebs_csi_role_arn
    error_message = "Service accounts have their roles."
  }

  assert {
    condition     = aws_eks_access_entry.people["operators"].kubernetes_groups == toset(["mlops:platform-operators"]) && length(aws_eks_access_policy_association.people) == 1
    error_message = "People have their groups."
  }

  assert {
    condition     = aws_iam_role.node["karpenter-node"].name == "mlops-prod-karpenter-node" && aws_sqs_queue.interruptions[0].name == "mlops-prod-karpenter" && aws_sqs_queue.interruptions[0].kms_master_key_id == var.karpenter.interruption_key_arn
    error_message = "Karpenter finds its role and its encrypted queue."
  }

  assert {
    condition = alltrue([for event in ["AWS Health Event", "EC2 Instance Rebalance Recommendation", "EC2 Instance State-change Notification", "EC2 Spot Instance Interruption Warning"] :
    contains(jsondecode(aws_cloudwatch_event_rule.interruptions[0].event_pattern)["detail-type"], event)])
    error_message = "Karpenter hears of each way in which a node ends."
  }
}

run "does_without_karpenter_and_options" {
  module {
    source = "./modules/eks"
  }

  variables {
    karpenter = null
    node_groups = {
      system  = { instance_types = ["m5.xlarge", "m5a.xlarge"] }
      compute = { instance_types = ["m5.xlarge", "m5a.xlarge"], on_demand = { min = 0, desired = 1, max = 2 } }
    }
  }

  assert {
    condition     = length(aws_sqs_queue.interruptions) == 0 && join(" ", keys(aws_eks_node_group.this)) == "compute-on-demand system" && output.helm_values.interruptionQueue == null
    error_message = "Nothing is made that was not asked for."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    eks_version              = "1.27"
    vpc_id                   = ""
    subnet_ids               = ["subnet-1"]
    control_plane_subnet_ids = ["subnet-1"]
    key_arns                 = { secrets = "s", logs = "l", volumes = "v", hipaa = "h" }
    public_endpoint_cidrs    = ["0.0.0.0/0"]
    node_disk_gib            = 10
    addon_versions           = { unknown = "v1" }
    pod_identities           = { mlflow = "arn:aws:iam::123456789012:role/x" }
    ebs_csi_role_arn         = "role"
    permissions_boundary_arn = "policy"
    log_retention_days       = 30
    access_entries           = { one = { principal_arn = "arn:aws:iam::123456789012:role/x" } }
    karpenter                = { interruption_key_arn = "key" }
    node_groups = {
      system  = { instance_types = ["m5.xlarge"], min = 3, desired = 2 }
      compute = { instance_types = ["m5.xlarge"], on_demand = { min = 0, desired = 1, max = 2 } }
    }
  }

  expect_failures = [
    var.eks_version, var.vpc_id, var.subnet_ids, var.control_plane_subnet_ids, var.key_arns, var.public_endpoint_cidrs, var.node_disk_gib, var.addon_versions,
    var.pod_identities, var.ebs_csi_role_arn, var.permissions_boundary_arn, var.log_retention_days, var.access_entries, var.karpenter, var.node_groups,
  ]
}

run "refuses_users_and_unknown_capacity" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    access_entries = { one = { principal_arn = "arn:aws:iam::123456789012:user/x", policies = ["AmazonEKSClusterAdminPolicy"] } }
    node_groups = {
      system  = { instance_types = ["m5.xlarge"] }
      compute = { instance_types = ["m5.xlarge"], on_demand = { min = 0, desired = 1, max = 2 } }
      gpu     = { instance_types = ["g5.xlarge"], capacity_type = "FREE" }
    }
  }

  expect_failures = [var.access_entries, var.node_groups]
}

run "refuses_system_groups_and_one_type_on_spot" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    access_entries = { one = { principal_arn = "arn:aws:iam::123456789012:role/x", policies = ["AmazonEKSClusterAdminPolicy"], groups = ["system:masters"] } }
    node_groups = {
      system  = { instance_types = ["m5.xlarge"] }
      compute = { instance_types = ["m5.xlarge"], on_demand = { min = 0, desired = 1, max = 2 }, spot = { min = 0, desired = 1, max = 2 } }
    }
  }

  expect_failures = [var.access_entries, var.node_groups]
}

run "refuses_production_on_spot_alone" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    node_groups = {
      system  = { instance_types = ["m5.xlarge", "m5a.xlarge"], capacity_type = "SPOT" }
      compute = { instance_types = ["m5.xlarge", "m5a.xlarge"], spot = { min = 0, desired = 1, max = 2 } }
    }
  }

  expect_failures = [var.node_groups]
}

run "refuses_no_compute" {
  module {
    source = "./modules/eks"
  }

  command = plan

  variables {
    tags = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
    node_groups = {
      system  = { instance_types = ["m5.xlarge", "m5a.xlarge"] }
      compute = { instance_types = ["m5.xlarge", "m5a.xlarge"] }
    }
  }

  expect_failures = [var.node_groups]
}
