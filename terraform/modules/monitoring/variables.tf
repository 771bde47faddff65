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

variable "key_arns" {
  description = "KMS keys: topics; log groups and metrics."
  type        = object({ notifications = string, logs = string })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
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

variable "log_groups" {
  description = "Log groups of applications."
  type        = set(string)
  default     = ["platform", "workloads"]

  validation {
    condition     = alltrue([for group in var.log_groups : can(regex("^[a-z0-9-]+$", group))])
    error_message = "Names are lower-case letters, digits and hyphens."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the logs."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year."
  }
}
