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
  description = "The AWS account whose databases and caches the function may give new passwords."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "key_arns" {
  description = "KMS keys: of the secrets, and of the function's log group."
  type        = object({ secrets = string, logs = string })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "secret_prefix" {
  description = "Path under which the secrets lie that the function may rotate, such as mlops/dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.secret_prefix))
    error_message = "secret_prefix must be two words with a slash between them, and without one at the end."
  }
}

variable "vpc" {
  description = "Where the function runs. The VPC needs interface endpoints of secretsmanager, rds and elasticache: nothing else is reached."
  type = object({
    id                         = string
    subnet_ids                 = list(string)
    endpoint_security_group_id = string
  })

  validation {
    condition     = length(var.vpc.subnet_ids) >= 2
    error_message = "The function needs subnets in two zones."
  }
}

variable "permissions_boundary_arn" {
  description = "Boundary of the function's role."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a policy."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the function's log."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year."
  }
}
