output "endpoints" {
  description = "Host of each instance."
  value       = { for key, instance in aws_db_instance.this : key => instance.address }
}

output "instance_ids" {
  description = "Identifier of each instance, for alarms and the off-hours schedule."
  value       = { for key, instance in aws_db_instance.this : key => instance.identifier }
}

output "instance_arns" {
  description = "ARN of each instance."
  value       = { for key, instance in aws_db_instance.this : key => instance.arn }
}

output "replica_arns" {
  description = "ARN of each replica in the second region; what the disaster recovery runbook promotes."
  value       = { for key, instance in aws_db_instance.replica : key => instance.arn }
}

output "secret_arns" {
  description = "Secret of each database."
  value       = { for database, secret in aws_secretsmanager_secret.database : database => secret.arn }
}

output "databases_by_hand" {
  description = "Databases that share an instance with another one: CREATE DATABASE is up to you (README)."
  value       = flatten([for instance in values(var.instances) : slice(instance.databases, 1, length(instance.databases))])
}
