output "pod_identities" {
  description = "Role of each service account, for EKS Pod Identity."
  value       = { for account, role in aws_iam_role.workload : account => role.arn if account != "kube-system/ebs-csi-controller-sa" }
}

output "ebs_csi_role_arn" {
  description = "Role of the EBS driver."
  value       = aws_iam_role.workload["kube-system/ebs-csi-controller-sa"].arn
}

output "boundary_arn" {
  description = "Permissions boundary of the workloads."
  value       = aws_iam_policy.boundary.arn
}

output "secrets_by_hand" {
  description = "Secrets that wait for their content."
  value       = { for key, secret in aws_secretsmanager_secret.by_hand : key => secret.name }
}
