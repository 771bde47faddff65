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
