output "topic_arns" {
  description = "Topics of critical alarms (PagerDuty) and warnings (Slack)."
  value       = local.topic_arns
}
