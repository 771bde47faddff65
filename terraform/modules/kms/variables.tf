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
  description = "The AWS account, to which the keys' policies are confined."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "domains" {
  description = "Domains of data that get a key of their own (main.tf says what each is for and which services use it)."
  type        = set(string)
  default = [
    "artifacts", "backups", "data", "eks", "hipaa", "logs", "notifications", "pci", "rds", "redis", "redshift", "secrets",
    "volumes",
  ]

  validation {
    condition     = length(var.domains) > 0 && length(setsubtract(var.domains, keys(local.definitions))) == 0
    error_message = "Unknown domain. Known: ${join(", ", keys(local.definitions))}."
  }
}

variable "rotation_days" {
  description = "How often AWS makes new key material."
  type        = number
  default     = 365

  validation {
    condition     = var.rotation_days >= 90 && var.rotation_days <= 365
    error_message = "Keys rotate at least once a year: rotation_days must lie between 90 and 365."
  }
}

variable "deletion_window" {
  description = "Days that a key waits before it is deleted, and all that it encrypts with it."
  type        = number
  default     = 30

  validation {
    condition     = var.deletion_window >= 7 && var.deletion_window <= 30
    error_message = "deletion_window must lie between 7 and 30 days."
  }

  validation {
    condition     = var.deletion_window == 30 || var.tags.Environment != "prod"
    error_message = "Production keys wait 30 days."
  }
}
