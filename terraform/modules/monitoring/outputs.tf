output "topic_arns" {
  description = "Topics of critical alarms (PagerDuty) and warnings (Slack)."
  value       = { for key, topic in aws_sns_topic.this : key => topic.arn }
}

output "prometheus_workspace_arn" {
  description = "Managed Prometheus workspace."
  value       = aws_prometheus_workspace.this.arn
}

output "prometheus_remote_write_url" {
  description = "Where Prometheus in the cluster writes."
  value       = "${aws_prometheus_workspace.this.prometheus_endpoint}api/v1/remote_write"
}

output "log_groups" {
  description = "Log groups of applications."
  value       = { for key, group in aws_cloudwatch_log_group.this : key => group.name }
}
