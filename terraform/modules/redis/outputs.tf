output "primary_endpoint" {
  description = "Host that takes reads and writes; it follows the primary after a failover."
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "reader_endpoint" {
  description = "Host that spreads reads over the replicas."
  value       = aws_elasticache_replication_group.this.reader_endpoint_address
}

output "node_ids" {
  description = "Cache cluster of each node, for alarms."
  value       = [for index in range(var.nodes) : format("%s-%03d", aws_elasticache_replication_group.this.id, index + 1)]
}

output "secret_arn" {
  description = "Secret with host, port and token."
  value       = aws_secretsmanager_secret.this.arn
}
