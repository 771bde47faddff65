output "trail_arn" {
  description = "The trail; null in the second region."
  value       = one(aws_cloudtrail.this[*].arn)
}

output "trail_log_group" {
  description = "Log group of the trail, for metric filters; null in the second region."
  value       = one(aws_cloudwatch_log_group.trail[*].name)
}

output "web_acl_arn" {
  description = "Firewall that the load balancer controller puts in front of load balancers; null without one."
  value       = one(aws_wafv2_web_acl.this[*].arn)
}

output "detector_id" {
  description = "GuardDuty's detector."
  value       = aws_guardduty_detector.this.id
}
