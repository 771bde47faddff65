# What each is, and what it may be, says modules/platform.
variable "environment" { type = string }
variable "name" { type = string }
variable "account_id" { type = string }
variable "region" { type = string }
variable "secondary_region" { type = string }
variable "availability_zones" { type = list(string) }
variable "vpc_cidr" { type = string }
variable "eks_version" { type = string }
variable "node_instance_types" { type = list(string) }
variable "node_desired_capacity" { type = number }
variable "node_max_capacity" { type = number }
variable "rds_instance_class" { type = string }
variable "rds_multi_az" { type = bool }
variable "enable_spot_instances" { type = bool }
variable "spot_max_price" { type = string }
variable "access_entries" { type = map(object({ principal_arn = string, groups = optional(set(string), []), policies = optional(set(string), []) })) }
variable "teams" { type = map(object({ compliance = optional(string, "none") })) }
variable "domain" { type = string }
variable "tags" { type = map(string) }

variable "public_endpoint_cidrs" {
  type    = set(string)
  default = []
}

variable "hours" {
  type    = object({ timezone = optional(string), days = optional(string), start = optional(number), stop = optional(number) })
  default = {}
}
