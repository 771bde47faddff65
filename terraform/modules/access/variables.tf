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

variable "buckets" {
  description = "Names of the buckets that workloads use; backups_replica lies in the second region."
  type = object({
    data            = string
    artifacts       = string
    logs            = string
    backups         = string
    backups_replica = string
  })

  validation {
    condition     = alltrue([for bucket in values(var.buckets) : length(bucket) > 2])
    error_message = "Names of buckets must not be empty."
  }
}

variable "key_arns" {
  description = "KMS keys by domain."
  type = object({
    data              = string
    artifacts         = string
    logs              = string
    backups           = string
    backups_secondary = string
    secrets           = string
    volumes           = string
    hipaa             = string
    pci               = string
    notifications     = string
  })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "secret_prefix" {
  description = "Path of the environment's secrets, such as mlops/dev."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+/[a-z0-9-]+$", var.secret_prefix))
    error_message = "secret_prefix must be two words with a slash between them, and without one at the end."
  }
}

variable "domain" {
  description = "Domain in which cert-manager proves that the names are ours."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name."
  }
}

variable "vpc_id" {
  description = "VPC in which the load balancer controller may act."
  type        = string

  validation {
    condition     = length(var.vpc_id) > 0
    error_message = "vpc_id must not be empty."
  }
}

variable "teams" {
  description = "Teams, and how sensitive their data is: none, hipaa or pci. Each gets a role for the service account workload in the namespace team-<name> and a prefix of the data bucket; regulated teams use the key of their kind."
  type        = map(object({ compliance = optional(string, "none") }))
  default     = {}

  validation {
    condition     = alltrue([for team in keys(var.teams) : can(regex("^[a-z][a-z0-9-]{1,30}$", team))])
    error_message = "Names of teams are lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for team in values(var.teams) : contains(["none", "hipaa", "pci"], team.compliance)])
    error_message = "compliance must be none, hipaa or pci."
  }
}

variable "secret_replica" {
  description = "Second region to which the secrets that people fill in are copied, with the key that encrypts them there. Null: none."
  type        = object({ region = string, key_arn = string })
  default     = null

  validation {
    condition     = var.secret_replica == null || try(startswith(var.secret_replica.key_arn, "arn:"), false)
    error_message = "secret_replica needs the ARN of a key."
  }
}

variable "secrets_by_hand" {
  description = "Secrets whose content people put in (README says which fields); Terraform makes them empty."
  type        = map(string)
  default = {
    alert-receivers = "pagerduty_key, slack_url"
    edge-users      = "htpasswd"
    grafana         = "admin_password, secret_key, database_url"
    kafka           = "bootstrap_servers"
  }

  validation {
    condition     = alltrue([for secret in keys(var.secrets_by_hand) : can(regex("^[a-z0-9-]+$", secret))])
    error_message = "Names of secrets are lower-case letters, digits and hyphens."
  }
}
