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

variable "node_type" {
  description = "Kind of node. DC2 is no longer sold."
  type        = string
  default     = "ra3.large"

  validation {
    condition     = contains(["ra3.large", "ra3.xlplus", "ra3.4xlarge", "ra3.16xlarge"], var.node_type)
    error_message = "node_type must be ra3.large, ra3.xlplus, ra3.4xlarge or ra3.16xlarge."
  }
}

variable "nodes" {
  description = "Number of nodes."
  type        = number
  default     = 2

  validation {
    condition     = var.nodes >= 1 && var.nodes <= 32
    error_message = "nodes must lie between 1 and 32."
  }

  validation {
    condition     = var.tags.Environment != "prod" || var.nodes >= 2
    error_message = "Production needs two nodes or more: a single one has no mirror of its data."
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
  description = "KMS keys: storage and snapshots; secrets; the data bucket, which COPY and UNLOAD use; log groups."
  type        = object({ storage = string, secrets = string, data = string, logs = string })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "data_bucket_arn" {
  description = "Bucket of the data zones; Feast stages in it."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:s3:::", var.data_bucket_arn))
    error_message = "data_bucket_arn must be the ARN of a bucket."
  }
}

variable "secret_prefix" {
  description = "Path of the secret, such as mlops/dev; it is <prefix>/redshift."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.secret_prefix))
    error_message = "secret_prefix must be two words with a slash between them, and without one at the end."
  }
}

variable "snapshot_retention_days" {
  description = "Days for which automated snapshots are kept."
  type        = number
  default     = 7

  validation {
    condition     = var.snapshot_retention_days >= 1 && var.snapshot_retention_days <= 35
    error_message = "snapshot_retention_days must lie between 1 and 35."
  }
}

variable "snapshot_copy" {
  description = "Copies of snapshots in the second region (provider aws.secondary), with the key that encrypts them there. Null: none."
  type = object({
    region  = string
    key_arn = string
  })
  default = null

  validation {
    condition     = var.snapshot_copy != null || var.tags.Environment != "prod"
    error_message = "Production copies its snapshots to the second region."
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

variable "log_retention_days" {
  description = "How long CloudWatch keeps who connected and what was asked."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year."
  }
}
