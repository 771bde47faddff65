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

variable "audit_bucket" {
  description = "Locked bucket that takes the trail."
  type        = string

  validation {
    condition     = length(var.audit_bucket) > 2
    error_message = "audit_bucket must be the name of a bucket."
  }
}

variable "config_bucket" {
  description = "Bucket that takes Config's history. It has no Object Lock: Config delivers to none that has."
  type        = string

  validation {
    condition     = length(var.config_bucket) > 2
    error_message = "config_bucket must be the name of a bucket."
  }
}

variable "audit_key_arn" {
  description = "KMS key of the trail and of Config's history."
  type        = string

  validation {
    condition     = startswith(var.audit_key_arn, "arn:")
    error_message = "audit_key_arn must be an ARN."
  }
}

variable "trail" {
  description = "CloudTrail of all regions and IAM's password rules: once for each account, thus null in the second region. Every read and write is recorded of the buckets whose ARN begins with one of bucket_arn_prefixes; log_key_arn encrypts the trail's log group."
  type = object({
    bucket_arn_prefixes = list(string)
    log_key_arn         = string
    topic_name          = optional(string)
  })
  default = null

  validation {
    condition     = var.trail == null || try(length(var.trail.bucket_arn_prefixes) > 0 && alltrue([for prefix in var.trail.bucket_arn_prefixes : can(regex("^arn:[a-z-]+:s3:::[a-z0-9-]{3,}", prefix))]), false)
    error_message = "At least one bucket's reads and writes are recorded, named by the beginning of its ARN."
  }

  validation {
    condition     = var.trail == null || try(startswith(var.trail.log_key_arn, "arn:"), false)
    error_message = "log_key_arn must be an ARN."
  }
}

variable "baseline" {
  description = "What is made here of that which each region of an account has once. What AWS Control Tower or the organisation has switched on already is left out: AWS refuses a second recorder or detector."
  type        = set(string)
  default     = ["config", "guardduty", "security_hub"]

  validation {
    condition     = length(setsubtract(var.baseline, ["config", "guardduty", "security_hub"])) == 0
    error_message = "baseline may name config, guardduty and security_hub."
  }
}

variable "config_rules" {
  description = "AWS's managed Config rules, by our name for them; parameters are the rule's own."
  type = map(object({
    identifier = string
    parameters = optional(map(string), {})
  }))
  default = {
    s3-tls-only             = { identifier = "S3_BUCKET_SSL_REQUESTS_ONLY" }
    s3-no-public-read       = { identifier = "S3_BUCKET_PUBLIC_READ_PROHIBITED" }
    s3-no-public-write      = { identifier = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED" }
    s3-kms                  = { identifier = "S3_DEFAULT_ENCRYPTION_KMS" }
    s3-versioning           = { identifier = "S3_BUCKET_VERSIONING_ENABLED" }
    rds-encrypted           = { identifier = "RDS_STORAGE_ENCRYPTED" }
    rds-not-public          = { identifier = "RDS_INSTANCE_PUBLIC_ACCESS_CHECK" }
    rds-backup              = { identifier = "DB_INSTANCE_BACKUP_ENABLED" }
    redshift-tls            = { identifier = "REDSHIFT_REQUIRE_TLS_SSL" }
    redshift-encrypted      = { identifier = "REDSHIFT_CLUSTER_KMS_ENABLED" }
    eks-secrets-encrypted   = { identifier = "EKS_SECRETS_ENCRYPTED" }
    eks-endpoint-not-public = { identifier = "EKS_ENDPOINT_NO_PUBLIC_ACCESS" }
    volumes-encrypted       = { identifier = "ENCRYPTED_VOLUMES" }
    imdsv2                  = { identifier = "EC2_IMDSV2_CHECK" }
    kms-rotation            = { identifier = "CMK_BACKING_KEY_ROTATION_ENABLED" }
    kms-not-deleted         = { identifier = "KMS_CMK_NOT_SCHEDULED_FOR_DELETION" }
    flow-logs               = { identifier = "VPC_FLOW_LOGS_ENABLED" }
    default-group-closed    = { identifier = "VPC_DEFAULT_SECURITY_GROUP_CLOSED" }
    no-open-ssh             = { identifier = "INCOMING_SSH_DISABLED" }
    secrets-rotated         = { identifier = "SECRETSMANAGER_ROTATION_ENABLED_CHECK" }
    no-admin-policies       = { identifier = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS" }
    root-mfa                = { identifier = "ROOT_ACCOUNT_MFA_ENABLED" }
    no-root-keys            = { identifier = "IAM_ROOT_ACCESS_KEY_CHECK" }
    trail-validated         = { identifier = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED" }
    guardduty               = { identifier = "GUARDDUTY_ENABLED_CENTRALIZED" }
  }

  validation {
    condition     = alltrue([for rule in values(var.config_rules) : can(regex("^[A-Z0-9_]+$", rule.identifier))])
    error_message = "identifier is the upper-case name of a managed rule."
  }
}

variable "security_standards" {
  description = "Standards that Security Hub checks, as in their ARN after standards/ or ruleset/."
  type        = set(string)
  default     = ["standards/aws-foundational-security-best-practices/v/1.0.0", "standards/cis-aws-foundations-benchmark/v/3.0.0", "standards/nist-800-53/v/5.0.0"]

  validation {
    condition     = alltrue([for standard in var.security_standards : can(regex("^(standards|ruleset)/[a-z0-9-]+/v/[0-9.]+$", standard))])
    error_message = "Each must look like standards/nist-800-53/v/5.0.0."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the trail; the audit bucket keeps it for seven years."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year."
  }
}
