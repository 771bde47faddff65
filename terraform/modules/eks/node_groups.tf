locals {
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
    # The off-hours schedule owns it; otherwise a managed group stays as it is, and Karpenter makes what else is needed.
    ignore_changes = [scaling_config[0].desired_size]
  }

  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.early]
}
