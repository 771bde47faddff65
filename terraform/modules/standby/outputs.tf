output "key_arns" {
  description = "KMS key of each domain in this region."
  value       = module.kms.arns
}

output "network" {
  description = "VPC, subnets without a way out, and the cluster's security group, for replicas of databases; null where no cluster stands by."
  value = one([for index, vpc in module.vpc : {
    vpc_id                    = vpc.vpc_id
    subnet_ids                = vpc.intra_subnet_ids
    cluster_security_group_id = module.eks[index].cluster_security_group_id
  }])
}

output "cluster_name" {
  description = "Name of the cluster that stands by; null where there is none."
  value       = one(module.eks[*].cluster_name)
}

output "pod_identities" {
  description = "Role of each service account of the cluster that stands by."
  value       = merge(module.access[*].pod_identities...)
}
