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

variable "domain" {
  description = "Domain of the environment; a public zone is made for it, to which the parent domain must delegate."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.domain))
    error_message = "domain must be a domain name."
  }
}

variable "hosts" {
  description = "Host names in the domain that lead to the load balancer; an empty one is the domain itself."
  type        = set(string)
  default     = ["", "mlflow", "features", "inference", "grafana", "*.models"]

  validation {
    condition     = alltrue([for host in var.hosts : can(regex("^([a-z0-9*-]+(\\.[a-z0-9-]+)*)?$", host))])
    error_message = "hosts must be labels, such as mlflow."
  }
}

variable "load_balancers" {
  description = "The clusters' load balancers. They are made in the cluster, so their names are known after the first deployment. A secondary makes failover records, led by health checks of the primary."
  type = object({
    primary   = object({ name = string, zone_id = string })
    secondary = optional(object({ name = string, zone_id = string }))
  })
  default = null

  validation {
    condition     = var.load_balancers == null || can(regex("\\.elb\\.[a-z0-9-]+\\.amazonaws\\.com$", var.load_balancers.primary.name))
    error_message = "The primary must be the DNS name of a load balancer, such as k8s-ingress-1.elb.us-east-1.amazonaws.com."
  }

  validation {
    condition     = var.load_balancers == null || var.tags.Environment != "prod" || try(var.load_balancers.secondary != null, false)
    error_message = "Production fails over to the second region: name its load balancer, too."
  }
}

variable "query_log" {
  description = "Log of DNS queries (only in us-east-1, as Route 53 demands). Null: none."
  type        = object({ key_arn = string, retention_days = optional(number, 365) })
  default     = null

  validation {
    condition     = var.query_log == null || try(startswith(var.query_log.key_arn, "arn:") && contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.query_log.retention_days), false)
    error_message = "query_log needs the ARN of a key and a retention that CloudWatch knows, of at least a year."
  }
}
