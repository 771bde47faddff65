output "function_arn" {
  description = "The function that rotates, once Secrets Manager may call it."
  value       = aws_lambda_function.this.arn
  depends_on  = [aws_lambda_permission.secrets_manager]
}
