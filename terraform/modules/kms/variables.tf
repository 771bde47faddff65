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

variable "keys" {
  description = "One key for each domain of data: who may use it beside the account's own IAM policies."
  type = map(object({
    description     = string
    services        = optional(set(string), [])
    roles           = optional(set(string), [])
    rotation_days   = optional(number, 365)
    deletion_window = optional(number, 30)
  }))

  validation {
    condition     = alltrue([for key in var.keys : key.rotation_days >= 90 && key.rotation_days <= 365])
    error_message = "Keys rotate at least once a year: rotation_days must lie between 90 and 365."
  }

  validation {
    condition     = alltrue([for key in var.keys : key.deletion_window >= 7 && key.deletion_window <= 30])
    error_message = "deletion_window must lie between 7 and 30 days."
  }

  validation {
    condition     = alltrue(flatten([for key in var.keys : [for service in key.services : endswith(service, ".amazonaws.com")]]))
    error_message = "services must be service principals, such as logs.us-east-1.amazonaws.com."
  }
}
