output "cluster_identifier" {
  description = "Identifier of the cluster, for the Data API, alarms and the off-hours schedule."
  value       = aws_redshift_cluster.this.cluster_identifier
}

output "endpoint" {
  description = "Host and port of the cluster."
  value       = aws_redshift_cluster.this.endpoint
}

output "role_arn" {
  description = "Role of COPY and UNLOAD."
  value       = aws_iam_role.this.arn
}

output "secret_arn" {
  description = "Secret with cluster, database, role and staging bucket."
  value       = aws_secretsmanager_secret.this.arn
}
