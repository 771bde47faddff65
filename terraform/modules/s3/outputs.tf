output "buckets" {
  description = "Name of each bucket."
  value       = { for key, bucket in aws_s3_bucket.this : key => bucket.bucket }
}

output "arns" {
  description = "ARN of each bucket."
  value       = { for key, bucket in aws_s3_bucket.this : key => bucket.arn }
}

output "replicas" {
  description = "Name of each bucket's copy in the second region."
  value       = { for key, bucket in aws_s3_bucket.replica : key => bucket.bucket }
}

output "zones" {
  description = "Where each zone of the data platform lies."
  value       = { for zone, place in local.zones : zone => "s3://${aws_s3_bucket.this[place.bucket].bucket}/${place.prefix}" }
}

output "log_bucket_arn" {
  description = "Bucket for flow logs, known once it accepts deliveries; null where it is not made here."
  value       = one([for bucket, made in aws_s3_bucket.this : made.arn if bucket == "logs"])
  depends_on  = [aws_s3_bucket_policy.this]
}

output "audit_bucket" {
  description = "Bucket for CloudTrail, known once it accepts deliveries; null where it is not made here."
  value       = one([for bucket, made in aws_s3_bucket.this : made.bucket if bucket == "audit"])
  depends_on  = [aws_s3_bucket_policy.this, aws_s3_bucket_object_lock_configuration.this]
}

output "config_bucket" {
  description = "Bucket for Config's history, known once it accepts deliveries; null where it is not made here."
  value       = one([for bucket, made in aws_s3_bucket.this : made.bucket if bucket == "config"])
  depends_on  = [aws_s3_bucket_policy.this]
}
