output "trail_arn" {
  description = "The trail; null in the second region."
  value       = one(aws_cloudtrail.this[*].arn)
}

output "trail_log_group" {
  description = "Log group of the trail, for metric filters; null in the second region."
  value       = one(aws_cloudwatch_log_group.trail[*].name)
}

output "detector_id" {
  description = "GuardDuty's detector; null where the organisation has its own."
  value       = one(aws_guardduty_detector.this[*].id)
}
