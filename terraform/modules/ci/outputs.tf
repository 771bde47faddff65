output "role_arns" {
  description = "Roles that GitHub's workflows take: plan, apply, images."
  value       = { for key, role in aws_iam_role.this : key => role.arn }
}
