locals {
  # End of standard support; from then on EKS moves the cluster to the next version by itself (upgrade_policy).
  versions = {
    "1.34" = "2026-12-02"
    "1.35" = "2027-03-27"
    "1.36" = "2027-08-01"
  }
  cluster_name = var.name
  groups = { for name, group in {
    system = {
      instance_types = var.node_groups.system.instance_types, capacity_type = var.node_groups.system.capacity_type, pool = "system"
      min            = var.node_groups.system.min, desired = var.node_groups.system.desired, max = var.node_groups.system.max
      ami_type       = "AL2023_x86_64_STANDARD", key = var.key_arns.volumes
      taints         = [{ key = "CriticalAddonsOnly", value = "true" }]
    }
    compute-on-demand = var.node_groups.compute.on_demand == null ? null : {
      instance_types = var.node_groups.compute.instance_types, capacity_type = "ON_DEMAND", pool = "compute"
      min            = var.node_groups.compute.on_demand.min, desired = var.node_groups.compute.on_demand.desired, max = var.node_groups.compute.on_demand.max
      ami_type       = "AL2023_x86_64_STANDARD", key = var.key_arns.volumes, taints = []
    }
    compute-spot = var.node_groups.compute.spot == null ? null : {
      instance_types = var.node_groups.compute.instance_types, capacity_type = "SPOT", pool = "compute"
      min            = var.node_groups.compute.spot.min, desired = var.node_groups.compute.spot.desired, max = var.node_groups.compute.spot.max
      ami_type       = "AL2023_x86_64_STANDARD", key = var.key_arns.volumes, taints = []
    }
    gpu = var.node_groups.gpu == null ? null : {
      instance_types = var.node_groups.gpu.instance_types, capacity_type = var.node_groups.gpu.capacity_type, pool = "gpu"
      min            = 0, desired = var.node_groups.gpu.desired, max = var.node_groups.gpu.max
      ami_type       = "AL2023_x86_64_NVIDIA", key = var.key_arns.volumes
      taints         = [{ key = "nvidia.com/gpu", value = "true" }]
    }
    hipaa = var.node_groups.hipaa == null ? null : {
      instance_types = var.node_groups.hipaa.instance_types, capacity_type = "ON_DEMAND", pool = "hipaa"
      min            = var.node_groups.hipaa.min, desired = var.node_groups.hipaa.desired, max = var.node_groups.hipaa.max
      ami_type       = "AL2023_x86_64_STANDARD", key = var.key_arns.hipaa
      taints         = [{ key = "mlops.dev/compliance", value = "hipaa" }]
    }
  } : name => group if group != null }
  # The network must be there before a node can be Ready; the rest needs nodes.
  addons = {
    vpc-cni = {
      early         = true
      configuration = { enableNetworkPolicy = "true", env = { ENABLE_PREFIX_DELEGATION = "true", WARM_PREFIX_TARGET = "1" } }
    }
    kube-proxy             = { early = true, configuration = null }
    eks-pod-identity-agent = { early = true, configuration = null }
    coredns = {
      early         = false
      configuration = { replicaCount = 2, tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }] }
    }
    aws-ebs-csi-driver = {
      early         = false
      configuration = { controller = { tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }] } }
    }
    snapshot-controller = {
      early         = false
      configuration = { tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }] }
    }
    metrics-server = {
      early         = false
      configuration = { tolerations = [{ key = "CriticalAddonsOnly", operator = "Exists" }] }
    }
  }
  iam = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  for_each = { cluster = "eks", node = "ec2" }

  statement {
    actions = each.key == "cluster" ? ["sts:AssumeRole", "sts:TagSession"] : ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.value}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "cluster" {
  name                 = "${local.cluster_name}-cluster"
  description          = "Control plane of ${local.cluster_name}"
  assume_role_policy   = data.aws_iam_policy_document.trust["cluster"].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "${local.iam}/AmazonEKSClusterPolicy"
}

resource "aws_cloudwatch_log_group" "cluster" {
  # EKS would make it without encryption, to be kept for ever.
  name              = "/aws/eks/${local.cluster_name}/cluster"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
  tags              = var.tags
}

resource "aws_eks_cluster" "this" {
  name                          = local.cluster_name
  version                       = var.eks_version
  role_arn                      = aws_iam_role.cluster.arn
  enabled_cluster_log_types     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  bootstrap_self_managed_addons = false
  tags                          = var.tags

  access_config {
    authentication_mode                         = "API"
    bootstrap_cluster_creator_admin_permissions = false
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.key_arns.secrets
    }
  }

  upgrade_policy {
    support_type = "STANDARD"
  }

  vpc_config {
    subnet_ids              = var.control_plane_subnet_ids
    endpoint_private_access = true
    endpoint_public_access  = length(var.public_endpoint_cidrs) > 0
    public_access_cidrs     = length(var.public_endpoint_cidrs) > 0 ? var.public_endpoint_cidrs : null
  }

  depends_on = [aws_cloudwatch_log_group.cluster, aws_iam_role_policy_attachment.cluster]
}

# For roles of other accounts and for what cannot use Pod Identity.
resource "aws_iam_openid_connect_provider" "this" {
  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

# Karpenter finds the nodes' group by this tag; EKS made the group with the cluster.
resource "aws_ec2_tag" "cluster_security_group" {
  resource_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  key         = "karpenter.sh/discovery"
  value       = local.cluster_name
}

resource "aws_iam_role" "node" {
  for_each = toset(concat(["node"], var.karpenter == null ? [] : ["karpenter-node"]))

  name                 = "${local.cluster_name}-${each.key}"
  description          = "Nodes of ${local.cluster_name}"
  assume_role_policy   = data.aws_iam_policy_document.trust["node"].json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = { for pair in setproduct(keys(aws_iam_role.node), [
    "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly", "AmazonEKS_CNI_Policy", "AmazonSSMManagedInstanceCore",
  ]) : "${pair[0]}/${pair[1]}" => { role = pair[0], policy = pair[1] } }

  role       = aws_iam_role.node[each.value.role].name
  policy_arn = "${local.iam}/${each.value.policy}"
}

resource "aws_launch_template" "node" {
  for_each = local.groups

  name_prefix            = "${local.cluster_name}-${each.key}-"
  description            = "Nodes ${each.key} of ${local.cluster_name}"
  update_default_version = true
  tags                   = var.tags

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop: a pod cannot reach the node's credentials.
    http_put_response_hop_limit = 1
  }

  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.node_disk_gib
      encrypted             = true
      kms_key_id            = each.value.key
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume", "network-interface"]

    content {
      resource_type = tag_specifications.value
      tags          = merge(var.tags, { Name = "${local.cluster_name}-${each.key}" })
    }
  }
}

resource "aws_eks_node_group" "this" {
  for_each = local.groups

  cluster_name    = aws_eks_cluster.this.name
  node_group_name = each.key
  node_role_arn   = aws_iam_role.node["node"].arn
  subnet_ids      = var.subnet_ids
  ami_type        = each.value.ami_type
  capacity_type   = each.value.capacity_type
  instance_types  = each.value.instance_types
  version         = var.eks_version
  labels          = { "mlops.dev/node-pool" = each.value.pool, "mlops.dev/capacity" = each.value.capacity_type == "SPOT" ? "spot" : "on-demand" }
  tags            = var.tags

  scaling_config {
    min_size     = each.value.min
    desired_size = each.value.desired
    max_size     = each.value.max
  }

  update_config {
    max_unavailable_percentage = 33
  }

  node_repair_config {
    enabled = true
  }

  launch_template {
    id      = aws_launch_template.node[each.key].id
    version = aws_launch_template.node[each.key].latest_version
  }

  dynamic "taint" {
    for_each = each.value.taints

    content {
      key    = taint.value.key
      value  = taint.value.value
      effect = "NO_SCHEDULE"
    }
  }

  lifecycle {
    # The autoscaler and the off-hours schedule own it.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.early]
}

resource "aws_eks_addon" "early" {
  for_each = { for addon, settings in local.addons : addon => settings if settings.early }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = each.value.configuration == null ? null : jsonencode(each.value.configuration)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags
}

resource "aws_eks_addon" "late" {
  for_each = { for addon, settings in local.addons : addon => settings if !settings.early }

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = lookup(var.addon_versions, each.key, null)
  configuration_values        = jsonencode(each.value.configuration)
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.this]
}

resource "aws_eks_pod_identity_association" "this" {
  for_each = merge(var.pod_identities, { "kube-system/ebs-csi-controller-sa" = var.ebs_csi_role_arn })

  cluster_name    = aws_eks_cluster.this.name
  namespace       = split("/", each.key)[0]
  service_account = split("/", each.key)[1]
  role_arn        = each.value
  tags            = var.tags
}

resource "aws_eks_access_entry" "people" {
  for_each = var.access_entries

  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = each.value.principal_arn
  kubernetes_groups = each.value.groups
  type              = "STANDARD"
  tags              = var.tags
}

resource "aws_eks_access_policy_association" "people" {
  for_each = { for pair in flatten([for name, entry in var.access_entries : [for policy in entry.policies : {
    name = name, policy = policy
  }]]) : "${pair.name}/${pair.policy}" => pair }

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.people[each.value.name].principal_arn
  policy_arn    = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type = "cluster"
  }
}

# ---- Karpenter

resource "aws_eks_access_entry" "karpenter_node" {
  count = var.karpenter == null ? 0 : 1

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.node["karpenter-node"].arn
  type          = "EC2_LINUX"
  tags          = var.tags
}

resource "aws_sqs_queue" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  name                      = "${local.cluster_name}-karpenter"
  message_retention_seconds = 300
  kms_master_key_id         = var.karpenter.interruption_key_arn
  tags                      = var.tags
}

data "aws_iam_policy_document" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  statement {
    sid       = "Events"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.interruptions[0].arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [aws_sqs_queue.interruptions[0].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  queue_url = aws_sqs_queue.interruptions[0].url
  policy    = data.aws_iam_policy_document.interruptions[0].json
}

resource "aws_cloudwatch_event_rule" "interruptions" {
  for_each = var.karpenter == null ? {} : {
    spot         = { source = "aws.ec2", detail = "EC2 Spot Instance Interruption Warning" }
    rebalance    = { source = "aws.ec2", detail = "EC2 Instance Rebalance Recommendation" }
    state-change = { source = "aws.ec2", detail = "EC2 Instance State-change Notification" }
    health       = { source = "aws.health", detail = "AWS Health Event" }
  }

  name          = "${local.cluster_name}-karpenter-${each.key}"
  description   = each.value.detail
  event_pattern = jsonencode({ source = [each.value.source], "detail-type" = [each.value.detail] })
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "interruptions" {
  for_each = aws_cloudwatch_event_rule.interruptions

  rule      = each.value.name
  target_id = "karpenter"
  arn       = aws_sqs_queue.interruptions[0].arn
}

check "standard_support" {
  assert {
    condition     = timecmp(timeadd("${local.versions[var.eks_version]}T00:00:00Z", "-2160h"), plantimestamp()) > 0
    error_message = "Standard support of Kubernetes ${var.eks_version} ends on ${local.versions[var.eks_version]}, within 90 days: plan the upgrade."
  }
}
