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

variable "node_type" {
  description = "Size of each node."
  type        = string

  validation {
    condition     = startswith(var.node_type, "cache.")
    error_message = "node_type must begin with cache."
  }
}

variable "nodes" {
  description = "Nodes, one of them the primary. Two or more stand in different zones and fail over by themselves."
  type        = number
  default     = 3

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 6
    error_message = "nodes must lie between 1 and 6."
  }

  validation {
    condition     = var.tags.Environment == "dev" || var.nodes >= 2
    error_message = "Only dev may do without a second node."
  }
}

variable "engine_version" {
  description = "Version of Redis."
  type        = string
  default     = "7.1"

  validation {
    condition     = can(regex("^7\\.[0-9]+$", var.engine_version))
    error_message = "engine_version must be a 7.x."
  }
}

variable "network" {
  description = "VPC, subnets without a way out, and the security groups from which connections are admitted."
  type = object({
    vpc_id                 = string
    subnet_ids             = list(string)
    client_security_groups = map(string)
  })

  validation {
    condition     = length(var.network.subnet_ids) >= 2
    error_message = "Subnets in at least two zones are needed."
  }
}

variable "key_arns" {
  description = "KMS keys: storage and snapshots; secrets; log groups."
  type        = object({ storage = string, secrets = string, logs = string })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "secret_prefix" {
  description = "Path of the secret, such as mlops/dev; it is <prefix>/redis."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.secret_prefix))
    error_message = "secret_prefix must be two words with a slash between them, and without one at the end."
  }
}

variable "rotation" {
  description = "The function that rotates the token, and how often in days."
  type = object({
    function_arn = string
    days         = optional(number, 30)
  })

  validation {
    condition     = var.rotation.days >= 1 && var.rotation.days <= 90
    error_message = "Tokens live 90 days at most."
  }
}

variable "snapshot_retention_days" {
  description = "Days for which the daily snapshots are kept."
  type        = number
  default     = 7

  validation {
    condition     = var.snapshot_retention_days >= 1 && var.snapshot_retention_days <= 35
    error_message = "snapshot_retention_days must lie between 1 and 35."
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
