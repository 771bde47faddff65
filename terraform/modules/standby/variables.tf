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

variable "account_id" {
  description = "The AWS account."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "deletion_window" {
  description = "Days that a key waits before it is deleted."
  type        = number

  validation {
    condition     = var.deletion_window >= 7 && var.deletion_window <= 30
    error_message = "deletion_window must lie between 7 and 30 days."
  }
}

variable "primary" {
  description = "What the first region has of which this one holds copies: buckets, the names of their copies, keys."
  type = object({
    buckets        = map(string)
    replicas       = map(string)
    key_arns       = map(string)
    log_bucket_arn = string
  })

  validation {
    condition     = contains(keys(var.primary.replicas), "backups")
    error_message = "primary.replicas must name the copy of the backups."
  }
}

variable "cluster" {
  description = "The cluster that stands by, and what it is made of. Null: there is none, and the region holds copies only."
  type = object({
    vpc_cidr              = string
    availability_zones    = list(string)
    interface_endpoints   = set(string)
    eks_version           = string
    public_endpoint_cidrs = set(string)
    secret_prefix         = string
    domain                = string
    redis                 = object({ node_type = string, nodes = number })
    teams                 = map(object({ compliance = optional(string, "none") }))
    access_entries        = map(object({ principal_arn = string, groups = optional(set(string), []), policies = optional(set(string), []) }))
    node_groups = object({
      system  = object({ instance_types = list(string), min = number, desired = number, max = number })
      compute = object({ instance_types = list(string), on_demand = object({ min = number, desired = number, max = number }) })
      gpu     = optional(object({ instance_types = list(string) }))
      hipaa   = optional(object({ instance_types = list(string) }))
    })
  })
  default = null

  validation {
    condition     = var.cluster != null || var.tags.Environment != "prod"
    error_message = "Production stands by in the second region."
  }
}
