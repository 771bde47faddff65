variable "name" {
  description = "Prefix of all names, such as mlops-dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "name must be 3 to 20 lower-case letters, digits or hyphens, and begin with a letter."
  }
}

variable "tags" {
  description = "Tags of every resource; costs are allocated by them."
  type = object({
    Environment = string
    ManagedBy   = string
    Project     = string
    CostCenter  = string
    Team        = optional(string, "platform")
  })

  validation {
    condition     = contains(["dev", "staging", "prod"], var.tags.Environment)
    error_message = "tags.Environment must be dev, staging or prod."
  }

  validation {
    condition     = alltrue([for value in values(var.tags) : length(trimspace(value)) > 0])
    error_message = "No tag may be empty."
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC; the subnets are cut out of it."
  type        = string

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && tonumber(try(split("/", var.vpc_cidr)[1], 0)) == 16
    error_message = "vpc_cidr must be an IPv4 range with the prefix /16."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.vpc_cidr))
    error_message = "vpc_cidr must be private (RFC 1918)."
  }
}

variable "availability_zones" {
  description = "Three zones of one region."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == 3
    error_message = "Three different availability zones are needed: etcd-like quorums and Multi-AZ services count on them."
  }
}

variable "nat" {
  description = "NAT gateways: none, single (cheap; one zone's failure cuts all off) or per_zone."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat)
    error_message = "nat must be none, single or per_zone."
  }

  validation {
    condition     = var.tags.Environment != "prod" || var.nat == "per_zone"
    error_message = "Production needs one NAT gateway for each zone."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached at private addresses, as short names such as ecr.api. S3 has a gateway endpoint, which costs nothing; s3 here is for pods that may reach private addresses only."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "interface_endpoints are short service names such as ecr.api."
  }
}

variable "flow_log_bucket_arn" {
  description = "Bucket that takes the flow logs of all traffic."
  type        = string

  validation {
    condition     = startswith(var.flow_log_bucket_arn, "arn:")
    error_message = "flow_log_bucket_arn must be an ARN."
  }
}

variable "cluster_name" {
  description = "EKS cluster whose load balancers and nodes find their subnets by tag."
  type        = string

  validation {
    condition     = length(var.cluster_name) > 0
    error_message = "cluster_name must not be empty."
  }
}
