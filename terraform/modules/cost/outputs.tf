output "budgets" {
  description = "Name and monthly amount of each budget."
  value       = { for key, budget in aws_budgets_budget.this : key => { name = budget.name, amount = tonumber(budget.limit_amount) } }
}

output "anomaly_monitor_arn" {
  description = "Monitor of unexpected spending."
  value       = aws_ce_anomaly_monitor.this.arn
}
