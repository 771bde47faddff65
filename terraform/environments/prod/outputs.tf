output "helm_values" { value = module.platform.helm_values }
output "cluster" { value = module.platform.cluster }
output "role_arns" { value = module.platform.role_arns }
output "zones" { value = module.platform.zones }
output "secrets_by_hand" { value = module.platform.secrets_by_hand }
output "spot_max_price" { value = module.platform.spot_max_price }
output "disaster_recovery" { value = module.platform.disaster_recovery }
