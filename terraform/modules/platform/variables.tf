variable "environment" {
  description = "Which environment this is: dev, staging or prod."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod"], var.environment) && var.tags.Environment == var.environment
    error_message = "environment must be dev, staging or prod, and be the tag Environment."
  }
}

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

variable "account_name" {
  description = "Prefix of the names of what the module account makes; its bucket of access logs and its topics are used here."
  type        = string
  default     = "mlops-account"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.account_name))
    error_message = "account_name must be 3 to 20 lower-case letters, digits or hyphens, and begin with a letter."
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

variable "secondary_region" {
  description = "Region of the copies of backups, and of what stands by."
  type        = string

  validation {
    condition     = var.secondary_region != var.region && can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.secondary_region))
    error_message = "The second region must be another one."
  }
}

variable "availability_zones" {
  description = "Three zones of the first region."
  type        = list(string)

  validation {
    condition     = alltrue([for zone in var.availability_zones : startswith(zone, var.region)])
    error_message = "The zones must lie in the first region."
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC, a /16."
  type        = string

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && startswith(var.vpc_cidr, "10.")
    error_message = "vpc_cidr must lie in 10.0.0.0/8, which the manifests' network policies allow."
  }
}

variable "nat" {
  description = "NAT gateways: none, single (cheap; one zone's failure cuts all off) or per_zone."
  type        = string
  default     = "per_zone"

  validation {
    condition     = contains(["none", "single", "per_zone"], var.nat)
    error_message = "nat must be none, single or per_zone."
  }
}

variable "interface_endpoints" {
  description = "AWS services that are reached at private addresses, beside those without which nothing works (elasticache, rds, redshift-data, s3, secretsmanager, sts)."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service))])
    error_message = "interface_endpoints are short service names such as ecr.api."
  }
}

variable "eks_version" {
  description = "Kubernetes version."
  type        = string

  validation {
    condition     = can(regex("^1\\.[0-9]+$", var.eks_version))
    error_message = "eks_version must look like 1.35."
  }
}

variable "public_endpoint_cidrs" {
  description = "Addresses of the offices and build machines from which the API server may be reached. Empty: from the VPC only."
  type        = set(string)
  default     = []

  validation {
    condition     = !contains(var.public_endpoint_cidrs, "0.0.0.0/0")
    error_message = "The API server is not for everybody."
  }
}

variable "node_instance_types" {
  description = "Types of the general nodes, all of about one size."
  type        = list(string)

  validation {
    condition     = length(var.node_instance_types) > 0
    error_message = "At least one type of node is needed."
  }
}

variable "node_desired_capacity" {
  description = "General nodes that there are at the start, those of the system included. The managed groups keep this size; what is needed beyond it Karpenter makes, within the limits of its pools."
  type        = number

  validation {
    condition     = var.node_desired_capacity >= 3
    error_message = "At least three nodes: the system's and one for each other zone."
  }
}

variable "node_max_capacity" {
  description = "Most nodes of a managed group, for those who change its size by hand. It does not bound what Karpenter makes."
  type        = number

  validation {
    condition     = var.node_max_capacity >= var.node_desired_capacity
    error_message = "node_max_capacity must not be below node_desired_capacity."
  }
}

variable "enable_spot_instances" {
  description = "Whether nodes run on spot instances, too."
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

variable "nodes" {
  description = "How the general nodes are divided: the system's, whether those may be on spot, which share of the others is, and how few of those on demand there may be; nodes with GPUs and for health data beside them."
  type = object({
    system         = object({ min = number, desired = number, max = number })
    system_on_spot = optional(bool, false)
    spot_share     = number
    on_demand_min  = optional(number, 0)
    gpu            = optional(object({ instance_types = list(string), capacity_type = optional(string, "ON_DEMAND"), desired = optional(number, 0), max = optional(number, 20) }))
    hipaa          = optional(object({ instance_types = list(string), min = optional(number, 0), desired = optional(number, 0), max = optional(number, 10) }))
  })

  validation {
    condition     = var.nodes.spot_share >= 0 && var.nodes.spot_share <= 1
    error_message = "nodes.spot_share must lie between 0 and 1."
  }

  validation {
    condition     = var.nodes.system.desired < var.node_desired_capacity
    error_message = "Of node_desired_capacity something must be left for compute."
  }
}

variable "databases" {
  description = "PostgreSQL instances, and the databases that each holds. mlflow, feast and platform are needed."
  type        = map(list(string))

  validation {
    condition     = length(setsubtract(["feast", "mlflow", "platform"], flatten(values(var.databases)))) == 0
    error_message = "The databases feast, mlflow and platform are needed."
  }
}

variable "rds_instance_class" {
  description = "Size of the databases."
  type        = string

  validation {
    condition     = startswith(var.rds_instance_class, "db.")
    error_message = "rds_instance_class must begin with db."
  }
}

variable "rds_multi_az" {
  description = "Whether the databases have a standby in another zone."
  type        = bool
}

variable "recovery_days" {
  description = "Days for which any point in time of the databases can be restored."
  type        = number

  validation {
    condition     = var.recovery_days >= 7 && var.recovery_days <= 35
    error_message = "recovery_days must lie between 7 and 35."
  }
}

variable "redis" {
  description = "Nodes of the online feature store."
  type        = object({ node_type = string, nodes = number })

  validation {
    condition     = startswith(var.redis.node_type, "cache.")
    error_message = "redis.node_type must begin with cache."
  }
}

variable "redshift" {
  description = "Nodes of the offline feature store."
  type        = object({ node_type = string, nodes = number })

  validation {
    condition     = startswith(var.redshift.node_type, "ra3.")
    error_message = "redshift.node_type must begin with ra3."
  }
}

variable "access_entries" {
  description = "Roles of people and what they are in the cluster."
  type = map(object({
    principal_arn = string
    groups        = optional(set(string), [])
    policies      = optional(set(string), [])
  }))

  validation {
    condition     = alltrue([for entry in values(var.access_entries) : strcontains(entry.principal_arn, ":${var.account_id}:role/")])
    error_message = "access_entries name roles of this account."
  }
}

variable "teams" {
  description = "Teams, and how sensitive their data is: none, hipaa or pci."
  type        = map(object({ compliance = optional(string, "none") }))

  validation {
    condition     = alltrue([for team in values(var.teams) : contains(["none", "hipaa", "pci"], team.compliance)])
    error_message = "compliance must be none, hipaa or pci."
  }
}

variable "domain" {
  description = "Domain of the environment, whose zone the module account makes."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name."
  }
}

variable "hours" {
  description = "When people work; outside of it nodes and databases are stopped. Null: they never are."
  type = object({
    timezone = optional(string, "America/New_York")
    days     = optional(string, "MON-FRI")
    start    = optional(number, 7)
    stop     = optional(number, 19)
  })
  default = null

  validation {
    condition     = var.hours == null || var.tags.Environment != "prod"
    error_message = "Production runs day and night."
  }
}

variable "disposable" {
  description = "Whether the environment may be destroyed with all that it holds, and made again: no protection from deletion, short waits."
  type        = bool
  default     = false
}

variable "standby" {
  description = "Network of the cluster that stands by in the second region. Null: the second region holds copies of the backups alone."
  type        = object({ vpc_cidr = string, availability_zones = list(string) })
  default     = null

  validation {
    condition     = var.standby != null || var.tags.Environment != "prod"
    error_message = "Production stands by in the second region."
  }

  validation {
    condition     = var.standby == null || try(var.standby.vpc_cidr != var.vpc_cidr && alltrue([for zone in var.standby.availability_zones : startswith(zone, var.secondary_region)]), false)
    error_message = "The second region's range must differ, so that both can be joined, and its zones must lie there."
  }
}
