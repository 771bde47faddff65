locals {
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
      early = false
      # Whose account pays for volumes (the team is not known here), and that AWS Backup takes them: Velero's snapshots stay in the region.
      configuration = { controller = {
        tolerations     = [{ key = "CriticalAddonsOnly", operator = "Exists" }]
        extraVolumeTags = merge({ for key, value in var.tags : key => value if key != "Team" }, { Backup = "hourly" })
      } }
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
