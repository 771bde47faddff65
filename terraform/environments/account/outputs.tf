output "name_servers" { value = module.account.name_servers }
output "image_repositories" { value = module.account.image_repositories }
output "ci_role_arns" { value = module.account.ci_role_arns }
output "vaults" { value = module.account.vaults }
