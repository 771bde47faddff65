output "zone_id" {
  description = "Id of the zone."
  value       = aws_route53_zone.this.zone_id
}

output "zone_arn" {
  description = "ARN of the zone, for cert-manager's role."
  value       = aws_route53_zone.this.arn
}

output "name_servers" {
  description = "To be entered as NS records of the parent domain."
  value       = aws_route53_zone.this.name_servers
}
