variable "environment" {
  description = "Which environment the account is for: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment) && var.tags.Environment == var.environment
    error_message = "environment must be dev, staging or prod, and be the tag Environment."
  }
}

variable "name" {
  description = "Prefix of all names; not that of an environment, so that both can be in one account."
  type        = string
  default     = "mlops-account"

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

variable "platform_name" {
  description = "Prefix of the environment's names, such as mlops-dev: its buckets' reads and writes are recorded."
  type        = string

  validation {
    condition     = var.platform_name != var.name && can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.platform_name))
    error_message = "platform_name must be another prefix than name, and as well formed."
  }
}

variable "region" {
  description = "First region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be a region, such as us-east-1."
  }
}

variable "secondary" {
  description = "Whether the second region (provider aws.secondary) is watched, too, and takes copies of trail and recovery points."
  type        = bool

  validation {
    condition     = var.secondary || var.tags.Environment != "prod"
    error_message = "Production stands by in the second region."
  }
}

variable "baseline" {
  description = "What of config, guardduty and security_hub is made here: without what Control Tower or the organisation has already."
  type        = set(string)
  default     = ["config", "guardduty", "security_hub"]

  validation {
    condition     = length(setsubtract(var.baseline, ["config", "guardduty", "security_hub"])) == 0
    error_message = "baseline may name config, guardduty and security_hub."
  }
}

variable "audit_lock" {
  description = "Object Lock of the audit bucket. COMPLIANCE cannot be lifted by anybody before the time is over."
  type        = object({ mode = string, days = number })

  validation {
    condition     = contains(["COMPLIANCE", "GOVERNANCE"], var.audit_lock.mode)
    error_message = "audit_lock.mode must be COMPLIANCE or GOVERNANCE."
  }
}

variable "disposable" {
  description = "Whether the account's resources may be destroyed with all that they hold."
  type        = bool
  default     = false
}

variable "domain" {
  description = "Domain of the environment; the parent domain must delegate it to the zone that is made here."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name."
  }
}

variable "load_balancers" {
  description = "The clusters' load balancers, known after the first deployment."
  type = object({
    primary   = object({ name = string, zone_id = string })
    secondary = optional(object({ name = string, zone_id = string }))
  })
  default = null

  validation {
    condition     = var.load_balancers == null || can(regex("\\.elb\\.[a-z0-9-]+\\.amazonaws\\.com$", var.load_balancers.primary.name))
    error_message = "The primary must be the DNS name of a load balancer."
  }
}

variable "emails" {
  description = "Who hears of budgets and alarms."
  type        = set(string)

  validation {
    condition     = length(var.emails) > 0
    error_message = "At least one e-mail address is needed."
  }
}

variable "monthly_budget" {
  description = "What the account may cost in a month, in US dollars."
  type        = number

  validation {
    condition     = var.monthly_budget > 0
    error_message = "monthly_budget must be above 0."
  }
}

variable "team_budgets" {
  description = "Monthly budgets of teams in US dollars."
  type = map(object({
    amount = number
    emails = optional(set(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for budget in values(var.team_budgets) : budget.amount > 0])
    error_message = "Amounts must be above 0."
  }
}

variable "cost_allocation_tags" {
  description = "Tags by which AWS splits the bill, once it has seen them: a day after the first apply at the earliest."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.cost_allocation_tags, keys(var.tags))) == 0
    error_message = "cost_allocation_tags must be keys of tags."
  }
}

variable "repository" {
  description = "GitHub repository whose workflows get roles, as owner/name. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository must be owner/name."
  }
}
