output "helm_values" {
  description = "What the charts' values need."
  value       = merge(module.eks.helm_values, { region = var.region })
}

output "cluster" {
  description = "How to reach the cluster: aws eks update-kubeconfig --name <name> --region <region>."
  value       = { name = module.eks.cluster_name, region = var.region, endpoint = module.eks.cluster_endpoint }
}

output "role_arns" {
  description = "Role of each service account."
  value       = module.access.pod_identities
}

output "zones" {
  description = "Where each zone of the data platform lies."
  value       = module.s3.zones
}

output "secrets_by_hand" {
  description = "Secrets that wait for their content."
  value       = module.access.secrets_by_hand
}

output "spot_max_price" {
  description = "Highest price per hour of a spot node that the cost estimate takes."
  value       = var.spot_max_price
}

output "disaster_recovery" {
  description = "What the runbook of the second region works on."
  value       = { cluster = module.standby.cluster_name, replicas = module.rds.replica_arns, buckets = module.s3.replicas }
}
