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

variable "instances" {
  description = "PostgreSQL instances, and the databases that each holds. The first database is made with the instance; each gets a secret that names host, user and password."
  type = map(object({
    databases             = list(string)
    instance_class        = string
    allocated_storage     = optional(number, 20)
    max_allocated_storage = optional(number, 200)
    multi_az              = optional(bool, true)
  }))

  validation {
    condition     = length(var.instances) > 0 && alltrue([for instance in values(var.instances) : length(instance.databases) > 0])
    error_message = "At least one instance, each with at least one database."
  }

  validation {
    condition     = length(distinct(flatten([for instance in values(var.instances) : instance.databases]))) == length(flatten([for instance in values(var.instances) : instance.databases]))
    error_message = "A database may stand on one instance only."
  }

  validation {
    condition     = alltrue(flatten([for instance in values(var.instances) : [for database in instance.databases : can(regex("^[a-z][a-z0-9_]{1,62}$", database))]]))
    error_message = "Names of databases are lower-case letters, digits and underscores."
  }

  validation {
    condition     = alltrue([for instance in values(var.instances) : startswith(instance.instance_class, "db.")])
    error_message = "instance_class must begin with db."
  }

  validation {
    condition     = alltrue([for instance in values(var.instances) : instance.allocated_storage >= 20 && instance.max_allocated_storage > instance.allocated_storage])
    error_message = "allocated_storage must be 20 GiB or more, and max_allocated_storage above it."
  }

  validation {
    condition     = var.tags.Environment != "prod" || alltrue([for instance in values(var.instances) : instance.multi_az])
    error_message = "Production databases are Multi-AZ."
  }
}

variable "engine_version" {
  description = "Major version of PostgreSQL; minor versions follow in the maintenance window."
  type        = string
  default     = "17"

  validation {
    condition     = contains(["16", "17"], var.engine_version)
    error_message = "engine_version must be 16 or 17: both speak TLS 1.3 and are supported by RDS."
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
    error_message = "RDS needs subnets in at least two zones."
  }
}

variable "key_arns" {
  description = "KMS keys: storage, Performance Insights and snapshots; secrets; log groups."
  type        = object({ storage = string, secrets = string, logs = string })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "secret_prefix" {
  description = "Path of the secrets, such as mlops/dev; a database's secret is <prefix>/<database>-database."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.secret_prefix))
    error_message = "secret_prefix must be two words with a slash between them, and without one at the end."
  }
}

variable "rotation" {
  description = "The function that rotates passwords, and how often in days."
  type = object({
    function_arn = string
    days         = optional(number, 30)
  })

  validation {
    condition     = var.rotation.days >= 1 && var.rotation.days <= 90
    error_message = "Passwords live 90 days at most."
  }
}

variable "backup_retention_days" {
  description = "Days for which any point in time can be restored; 35 is RDS's maximum."
  type        = number
  default     = 35

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "backup_retention_days must lie between 7 and 35."
  }

  validation {
    condition     = var.tags.Environment != "prod" || var.backup_retention_days >= 30
    error_message = "Production keeps at least 30 days."
  }
}

variable "deletion_protection" {
  description = "Whether the instances refuse to be deleted, and leave a last snapshot."
  type        = bool
  default     = true

  validation {
    condition     = var.deletion_protection || var.tags.Environment != "prod"
    error_message = "Production databases are protected from deletion."
  }
}

variable "replica" {
  description = "Read replicas in the second region (provider aws.secondary), for disaster recovery. Null: none."
  type = object({
    vpc_id                 = string
    subnet_ids             = list(string)
    client_security_groups = map(string)
    region                 = string
    key_arn                = string
    log_key_arn            = string
    secret_key_arn         = string
  })
  default = null

  validation {
    condition     = var.replica != null || var.tags.Environment != "prod"
    error_message = "Production needs replicas in the second region."
  }
}

variable "permissions_boundary_arn" {
  description = "Boundary of the roles that this module makes."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:policy/", var.permissions_boundary_arn))
    error_message = "permissions_boundary_arn must be the ARN of a policy."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the databases' logs."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year."
  }
}
