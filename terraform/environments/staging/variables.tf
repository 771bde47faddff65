variable "environment" {
  description = "Which environment this is."
  type        = string

  validation {
    condition     = var.environment == "staging" && var.tags.Environment == var.environment
    error_message = "This folder is the environment staging, and its resources carry that tag."
  }
}

variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "account_id" {
  description = "AWS account of the environment; each has one of its own."
  type        = string
}

variable "region" {
  description = "Primary region."
  type        = string
}

variable "secondary_region" {
  description = "Region of the copies of backups."
  type        = string

  validation {
    condition     = var.secondary_region != var.region
    error_message = "The second region must be another one."
  }
}

variable "availability_zones" {
  description = "Three zones of the primary region."
  type        = list(string)

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "The zones must lie in the primary region."
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC."
  type        = string
}

variable "eks_version" {
  description = "Kubernetes version."
  type        = string
}

variable "node_instance_types" {
  description = "Types of the general nodes, all of about one size."
  type        = list(string)
}

variable "node_desired_capacity" {
  description = "General nodes, those of the system included."
  type        = number

  validation {
    condition     = var.node_desired_capacity >= 3
    error_message = "At least three nodes: the system's and one for each other zone."
  }
}

variable "node_max_capacity" {
  description = "Most general nodes of each kind."
  type        = number

  validation {
    condition     = var.node_max_capacity >= var.node_desired_capacity
    error_message = "node_max_capacity must not be below node_desired_capacity."
  }
}

variable "rds_instance_class" {
  description = "Size of the databases."
  type        = string
}

variable "rds_multi_az" {
  description = "Whether the databases have a standby in another zone."
  type        = bool
}

variable "enable_spot_instances" {
  description = "Whether compute runs on spot instances, too."
  type        = bool
}

variable "spot_max_price" {
  description = "Highest price per hour in US dollars that the cost estimate takes for a spot node. Managed node groups pay the market's price, which never exceeds the one on demand."
  type        = string

  validation {
    condition     = can(tonumber(var.spot_max_price)) && try(tonumber(var.spot_max_price) > 0, false)
    error_message = "spot_max_price must be a positive number."
  }
}

variable "baseline" {
  description = "What of config, guardduty and security_hub is made here: without what Control Tower or the organisation has already."
  type        = set(string)
  default     = ["config", "guardduty", "security_hub"]
}

variable "public_endpoint_cidrs" {
  description = "Addresses of the offices and build machines from which the API server may be reached. Empty: from the VPC only."
  type        = set(string)
  default     = []
}

variable "access_entries" {
  description = "Roles of people and what they are in the cluster."
  type = map(object({
    principal_arn = string
    groups        = optional(set(string), [])
    policies      = optional(set(string), [])
  }))
}

variable "teams" {
  description = "Teams, and how sensitive their data is."
  type        = map(object({ compliance = optional(string, "none") }))
}

variable "domain" {
  description = "Domain of the environment."
  type        = string
}

variable "load_balancers" {
  description = "The clusters' load balancers, known after the first deployment."
  type = object({
    primary   = object({ name = string, zone_id = string })
    secondary = optional(object({ name = string, zone_id = string }))
  })
  default = null
}

variable "emails" {
  description = "Who hears of budgets and critical alarms."
  type        = set(string)
}

variable "monthly_budget" {
  description = "What the environment may cost in a month, in US dollars."
  type        = number
}

variable "cost_allocation_tags" {
  description = "Tags by which AWS splits the bill, once it has seen them: a day after the first apply at the earliest (README)."
  type        = set(string)
  default     = []
}

variable "team_budgets" {
  description = "Monthly budgets of teams in US dollars."
  type = map(object({
    amount = number
    emails = optional(set(string), [])
  }))
  default = {}
}

variable "tags" {
  description = "Tags of every resource."
  type = object({
    Environment = string
    ManagedBy   = string
    Project     = string
    CostCenter  = string
    Team        = optional(string, "platform")
  })
}
