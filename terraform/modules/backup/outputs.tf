output "vault_arn" {
  description = "Vault of the first region."
  value       = aws_backup_vault.this.arn
}

output "secondary_vault_arn" {
  description = "Vault of the second region; null without copies."
  value       = one(aws_backup_vault.secondary[*].arn)
}

output "tag" {
  description = "What a resource carries to be backed up."
  value       = { Backup = "hourly" }
}
