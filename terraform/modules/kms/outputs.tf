output "arns" {
  description = "Key ARN of each domain."
  value       = { for domain, key in aws_kms_key.this : domain => key.arn }
}

output "aliases" {
  description = "Alias of each domain's key, as the manifests name it."
  value       = { for domain, alias in aws_kms_alias.this : domain => alias.name }
}
