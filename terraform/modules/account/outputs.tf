output "name_servers" {
  description = "To be entered as NS records of the parent domain."
  value       = module.dns.name_servers
}

output "image_repositories" {
  description = "Where the images that are built here are pushed to."
  value       = module.registry.urls
}

output "ci_role_arns" {
  description = "Roles of the workflows: plan, apply, images; empty without a repository."
  value       = merge(module.ci[*].role_arns...)
}

output "vaults" {
  description = "Where the recovery points lie, in each region."
  value       = { primary = module.backup.vault_arn, secondary = module.backup.secondary_vault_arn }
}
