output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_eks_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_eks_cluster.this.arn
}

output "cluster_endpoint" {
  description = "URL of the API server."
  value       = aws_eks_cluster.this.endpoint
}

output "cluster_certificate_authority" {
  description = "Certificate authority of the API server, base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "cluster_security_group_id" {
  description = "Security group of nodes and control plane, from which the data stores admit connections."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "node_role_arn" {
  description = "Role of the managed nodes."
  value       = aws_iam_role.node["node"].arn
}

output "node_groups" {
  description = "Node groups and their sizes, for the off-hours schedule."
  value       = { for name, group in local.groups : name => { min = group.min, desired = group.desired, max = group.max } }
}

output "helm_values" {
  description = "What the charts' values need of this cluster."
  value = {
    clusterName       = aws_eks_cluster.this.name
    clusterEndpoint   = aws_eks_cluster.this.endpoint
    vpcId             = var.vpc_id
    interruptionQueue = one(aws_sqs_queue.interruptions[*].name)
    karpenterNodeRole = var.karpenter == null ? null : aws_iam_role.node["karpenter-node"].name
  }
}
