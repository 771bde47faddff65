# What each is, and what it may be, says modules/account.
variable "environment" { type = string }
variable "account_id" { type = string }
variable "platform_name" { type = string }
variable "region" { type = string }
variable "secondary_region" { type = string }
variable "secondary" { type = bool }
variable "disposable" { type = bool }
variable "audit_lock" { type = object({ mode = string, days = number }) }
variable "domain" { type = string }
variable "emails" { type = set(string) }
variable "monthly_budget" { type = number }
variable "tags" { type = map(string) }

variable "team_budgets" {
  type    = map(object({ amount = number, emails = optional(set(string), []) }))
  default = {}
}

variable "cost_allocation_tags" {
  type    = set(string)
  default = []
}

variable "baseline" {
  type    = set(string)
  default = ["config", "guardduty", "security_hub"]
}

variable "load_balancers" {
  type    = object({ primary = object({ name = string, zone_id = string }), secondary = optional(object({ name = string, zone_id = string })) })
  default = null
}

variable "repository" {
  type    = string
  default = null
}
