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

variable "key_arn" {
  description = "KMS key of the vault."
  type        = string

  validation {
    condition     = startswith(var.key_arn, "arn:")
    error_message = "key_arn must be an ARN."
  }
}

variable "copy" {
  description = "Copies in the second region (provider aws.secondary), with the key of the vault there. Null: none."
  type        = object({ key_arn = string })
  default     = null

  validation {
    condition     = var.copy != null || var.tags.Environment != "prod"
    error_message = "Production copies its backups to the second region."
  }
}

variable "retention_days" {
  description = "How long hourly and daily recovery points are kept."
  type        = object({ hourly = optional(number, 7), daily = optional(number, 30) })
  default     = {}

  validation {
    condition     = var.retention_days.hourly >= 1 && var.retention_days.daily >= 30 && var.retention_days.daily >= var.retention_days.hourly
    error_message = "Hourly recovery points live a day at least, daily ones 30 days, and not shorter than the hourly."
  }
}

variable "lock" {
  description = "Whether recovery points are locked for their time (governance), so that who takes over the account cannot simply delete them."
  type        = bool
  default     = true

  validation {
    condition     = var.lock || var.tags.Environment == "dev"
    error_message = "Only dev may do without the lock."
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
