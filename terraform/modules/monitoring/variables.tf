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

variable "topic_arns" {
  description = "Topics that alarms speak to. Null: they are made here, once for each account."
  type        = object({ critical = string, warning = string })
  default     = null

  validation {
    condition     = var.topic_arns == null || try(alltrue([for arn in values(var.topic_arns) : can(regex("^arn:[a-z-]+:sns:", arn))]), false)
    error_message = "topic_arns must be ARNs of topics."
  }
}

variable "key_arn" {
  description = "KMS key of the topics that are made here."
  type        = string
  default     = null

  validation {
    condition     = var.topic_arns != null || try(startswith(var.key_arn, "arn:"), false)
    error_message = "Topics need key_arn, the ARN of a key."
  }
}

variable "emails" {
  description = "Who hears of critical alarms by e-mail, beside those who subscribe to the topics themselves."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "emails must be addresses."
  }
}

variable "databases" {
  description = "RDS instances to watch."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.databases) : length(id) > 0])
    error_message = "Identifiers must not be empty."
  }
}

variable "cache_nodes" {
  description = "Cache clusters (nodes of Redis) to watch."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.cache_nodes) : length(id) > 0])
    error_message = "Identifiers must not be empty."
  }
}

variable "redshift_clusters" {
  description = "Redshift clusters to watch."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for id in values(var.redshift_clusters) : length(id) > 0])
    error_message = "Identifiers must not be empty."
  }
}

variable "trail_log_group" {
  description = "Log group of CloudTrail in which sign-ins and changes of the account are watched for (CIS). Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.trail_log_group == null || try(length(var.trail_log_group) > 0, false)
    error_message = "trail_log_group must not be empty."
  }
}
