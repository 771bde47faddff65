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
  description = "The AWS account: part of every bucket's name, and all that the services that deliver logs may act for."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must have 12 digits."
  }
}

variable "key_arns" {
  description = "The buckets that are made (data, artifacts, logs, backups; audit and config once for each account), and the KMS key of each."
  type        = map(string)

  validation {
    condition     = length(var.key_arns) > 0 && length(setsubtract(keys(var.key_arns), ["data", "artifacts", "logs", "audit", "config", "backups"])) == 0
    error_message = "key_arns may name data, artifacts, logs, audit, config and backups."
  }

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "replicas" {
  description = "Buckets that are copied to the second region (provider aws.secondary), with the key that encrypts the copy there."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for bucket in keys(var.replicas) : contains(["data", "artifacts", "logs", "audit", "backups"], bucket)])
    error_message = "replicas may name data, artifacts, logs, audit and backups."
  }

  validation {
    condition     = alltrue([for arn in values(var.replicas) : startswith(arn, "arn:")])
    error_message = "Each replica needs the ARN of a key of the second region."
  }

  validation {
    condition     = length(setsubtract(keys(var.replicas), keys(var.key_arns))) == 0
    error_message = "Only what is made here can be copied."
  }

  validation {
    condition     = var.tags.Environment != "prod" || alltrue([for bucket in setintersection(["data", "artifacts", "audit", "backups"], keys(var.key_arns)) : contains(keys(var.replicas), bucket)])
    error_message = "Production copies data, artifacts, audit and backups to the second region."
  }
}

variable "regulated_teams" {
  description = "Teams with health or payment data, the key under which alone their part of the data bucket (teams/<team>/) is written, and, where that bucket is copied, the second region's key for the copy."
  type        = map(object({ key_arn = string, replica_key_arn = optional(string) }))
  default     = {}

  validation {
    condition     = alltrue([for team, keys in var.regulated_teams : can(regex("^[a-z0-9-]+$", team)) && startswith(keys.key_arn, "arn:")])
    error_message = "regulated_teams maps a team's name to the ARNs of keys."
  }

  validation {
    condition     = !contains(keys(var.replicas), "data") || alltrue([for keys in values(var.regulated_teams) : try(startswith(keys.replica_key_arn, "arn:"), false)])
    error_message = "Where data is copied, regulated data needs a key of the second region: its copy is under no other."
  }
}

variable "audit_lock" {
  description = "Object Lock of the audit bucket. COMPLIANCE cannot be lifted by anybody before the time is over."
  type = object({
    mode = string
    days = number
  })
  default = { mode = "COMPLIANCE", days = 2557 }

  validation {
    condition     = contains(["COMPLIANCE", "GOVERNANCE"], var.audit_lock.mode)
    error_message = "audit_lock.mode must be COMPLIANCE or GOVERNANCE."
  }

  validation {
    condition     = var.audit_lock.days >= 1 && (var.tags.Environment != "prod" || (var.audit_lock.mode == "COMPLIANCE" && var.audit_lock.days >= 2557))
    error_message = "Production keeps its audit trail for 7 years (2557 days) in COMPLIANCE mode."
  }
}

variable "tiering_days" {
  description = "Age in days at which objects move to Intelligent-Tiering (processed) or Glacier (raw, logs, audit)."
  type        = number
  default     = 90

  validation {
    condition     = var.tiering_days >= 30 && var.tiering_days <= 365
    error_message = "tiering_days must lie between 30 and 365."
  }
}

variable "log_retention_days" {
  description = "Age in days at which logs are deleted."
  type        = number
  default     = 400

  validation {
    condition     = var.log_retention_days >= 365
    error_message = "Logs are kept for at least a year."
  }

  validation {
    condition     = var.log_retention_days >= var.tiering_days + 90
    error_message = "Glacier bills at least 90 days: log_retention_days must be tiering_days + 90 or more."
  }
}

variable "trail_arn" {
  description = "The CloudTrail trail that may write to the audit bucket. Null where there is no such bucket."
  type        = string
  default     = null

  validation {
    condition     = !contains(keys(var.key_arns), "audit") || can(regex("^arn:[a-z-]+:cloudtrail:", var.trail_arn))
    error_message = "The audit bucket needs trail_arn, the ARN of a CloudTrail trail."
  }
}

variable "access_log_bucket" {
  description = "Bucket of the same region that takes S3's access logs. Null: it is made here."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket == null || try(length(var.access_log_bucket) > 2, false)
    error_message = "access_log_bucket must be the name of a bucket."
  }
}

variable "force_destroy" {
  description = "Whether destroying the environment deletes what the buckets hold."
  type        = bool
  default     = false

  validation {
    condition     = !var.force_destroy || var.tags.Environment == "dev"
    error_message = "Only dev may delete buckets together with their objects."
  }
}
