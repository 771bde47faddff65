locals {
  # End of standard support; from then on EKS moves the cluster to the next version by itself (upgrade_policy).
  versions = {
    "1.34" = "2026-12-02"
    "1.35" = "2027-03-27"
    "1.36" = "2027-08-01"
  }
  cluster_name = var.name
  iam          = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
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

  # Network policies are asked about a Service's own address, before it becomes a pod's; so it must lie in the range that they
  # allow, 10.0.0.0/8. EKS itself would take 172.20.0.0/16 beside a VPC in 10.0.0.0/8.
  kubernetes_network_config {
    service_ipv4_cidr = var.service_cidr
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

# Karpenter finds the nodes' group by this tag; EKS made the group with the cluster.
resource "aws_ec2_tag" "cluster_security_group" {
  resource_id = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
  key         = "karpenter.sh/discovery"
  value       = local.cluster_name
}

check "standard_support" {
  assert {
    condition     = timecmp(timeadd("${local.versions[var.eks_version]}T00:00:00Z", "-2160h"), plantimestamp()) > 0
    error_message = "Standard support of Kubernetes ${var.eks_version} ends on ${local.versions[var.eks_version]}, within 90 days: plan the upgrade."
  }
}
