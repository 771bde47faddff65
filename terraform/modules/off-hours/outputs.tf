output "schedules" {
  description = "What is stopped and started, and when."
  value       = { for key, schedule in aws_scheduler_schedule.this : key => schedule.schedule_expression }
}

output "weekly_hours" {
  description = "Hours for which things run in a week of five days, for the cost estimate."
  value       = 5 * (var.hours.stop - var.hours.start)
}
