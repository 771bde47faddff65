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

variable "monthly_budget" {
  description = "What the environment may cost in a month, in US dollars."
  type        = number

  validation {
    condition     = var.monthly_budget > 0
    error_message = "monthly_budget must be above 0."
  }
}

variable "team_budgets" {
  description = "Monthly budgets of teams in US dollars, by the value of the tag Team, with the addresses of those who answer for them."
  type = map(object({
    amount = number
    emails = optional(set(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for budget in values(var.team_budgets) : budget.amount > 0])
    error_message = "Amounts must be above 0."
  }

  validation {
    condition     = alltrue(flatten([for budget in values(var.team_budgets) : [for email in budget.emails : can(regex("^[^@ ]+@[^@ ]+$", email))]]))
    error_message = "emails must be addresses."
  }
}

variable "emails" {
  description = "Who hears of the environment's budget, beside the topic."
  type        = set(string)

  validation {
    condition     = length(var.emails) > 0 && alltrue([for email in var.emails : can(regex("^[^@ ]+@[^@ ]+$", email))])
    error_message = "At least one e-mail address is needed."
  }
}

variable "topic_arn" {
  description = "SNS topic of warnings, which Slack reads."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:", var.topic_arn))
    error_message = "topic_arn must be the ARN of a topic."
  }
}

variable "anomaly_threshold" {
  description = "Smallest unexpected spending in US dollars that is reported."
  type        = number
  default     = 100

  validation {
    condition     = var.anomaly_threshold > 0
    error_message = "anomaly_threshold must be above 0."
  }
}

variable "cost_allocation_tags" {
  description = "Tags that are activated, so that budgets and bills can be split by them. Empty on the first day: AWS refuses a tag that no bill has had yet, and one that an account does not pay for itself."
  type        = set(string)
  default     = []

  validation {
    condition     = length(setsubtract(var.cost_allocation_tags, concat(keys(var.tags), ["Name"]))) == 0
    error_message = "cost_allocation_tags must be keys of tags: every resource has those and no others."
  }
}
