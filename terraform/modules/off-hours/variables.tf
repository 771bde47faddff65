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

variable "hours" {
  description = "When people work; outside of it everything named below is stopped."
  type = object({
    timezone = optional(string, "America/New_York")
    days     = optional(string, "MON-FRI")
    start    = optional(number, 7)
    stop     = optional(number, 19)
  })
  default = {}

  validation {
    condition     = var.hours.start >= 0 && var.hours.start < var.hours.stop && var.hours.stop <= 23
    error_message = "hours need 0 <= start < stop <= 23."
  }

  validation {
    condition     = var.hours != null && var.tags.Environment != "prod"
    error_message = "Production runs day and night."
  }

  validation {
    condition     = can(regex("^(MON|TUE|WED|THU|FRI|SAT|SUN)([-,](MON|TUE|WED|THU|FRI|SAT|SUN))*$", var.hours.days))
    error_message = "days are written as in cron: MON-FRI, or MON,WED."
  }
}

variable "cluster_name" {
  description = "EKS cluster of the node groups."
  type        = string

  validation {
    condition     = length(var.cluster_name) > 0
    error_message = "cluster_name must not be empty."
  }
}

variable "node_groups" {
  description = "Node groups and the sizes that they have at work; they are scaled to nothing at night."
  type        = map(object({ min = number, desired = number, max = number }))

  validation {
    condition     = alltrue([for group in values(var.node_groups) : group.min == 0])
    error_message = "A group that is scaled to nothing at night needs min = 0, or every plan at night would show a change."
  }
}

variable "databases" {
  description = "RDS instances to stop. RDS starts them again after seven days, so they are stopped every evening."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.databases) : length(id) > 0])
    error_message = "Identifiers must not be empty."
  }
}

variable "redshift_clusters" {
  description = "Redshift clusters to pause."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.redshift_clusters) : length(id) > 0])
    error_message = "Identifiers must not be empty."
  }
}

variable "key_arn" {
  description = "KMS key of the schedules."
  type        = string

  validation {
    condition     = startswith(var.key_arn, "arn:")
    error_message = "key_arn must be an ARN."
  }
}

variable "permissions_boundary_arn" {
  description = "Boundary of the role that this module makes."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a policy."
  }
}

variable "karpenter_tag" {
  description = "Tag of the nodes that Karpenter makes, which no schedule of a node group reaches: they are terminated in the evening. Null: there are none."
  type        = object({ key = string, value = string })
  default     = null

  validation {
    condition     = var.karpenter_tag == null || try(length(var.karpenter_tag.key) > 0 && length(var.karpenter_tag.value) > 0, false)
    error_message = "karpenter_tag needs a key and a value: an empty one would name every instance."
  }
}
