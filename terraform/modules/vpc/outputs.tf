output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Address range of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Subnets of nodes and pods, one for each zone."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
}

output "public_subnet_ids" {
  description = "Subnets of load balancers, one for each zone."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}

output "intra_subnet_ids" {
  description = "Subnets without a way out, for databases and endpoints, one for each zone."
  value       = [for zone in var.availability_zones : aws_subnet.intra[zone].id]
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "nat_public_ips" {
  description = "Addresses from which the platform calls the internet, for other people's allow-lists."
  value       = [for address in aws_eip.nat : address.public_ip]
}
