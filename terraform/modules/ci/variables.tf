variable "account_name" {
  description = "Prefix of the names of what the account has once, these roles included."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.account_name))
    error_message = "account_name must be 3 to 20 lower-case letters, digits or hyphens, and begin with a letter."
  }
}

variable "platform_name" {
  description = "Prefix of the environment's names: the roles that CI may make, and the bucket of its state."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.platform_name))
    error_message = "platform_name must be 3 to 20 lower-case letters, digits or hyphens, and begin with a letter."
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

variable "environment" {
  description = "Name of the environment, which GitHub's environments have, too: <name>, <name>-plan and <name>-images."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment)
    error_message = "environment must be dev, staging or prod."
  }
}

variable "repository" {
  description = "GitHub repository whose workflows get the roles, as owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be owner/name."
  }
}

variable "repository_arns" {
  description = "ECR repositories to which images are pushed, by image."
  type        = map(string)

  validation {
    condition     = alltrue([for arn in values(var.repository_arns) : startswith(arn, "arn:")])
    error_message = "repository_arns must be ARNs."
  }
}
