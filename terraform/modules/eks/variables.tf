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

variable "eks_version" {
  description = "Kubernetes version. The 1.27 of older documents left extended support in July 2025: AWS makes no such cluster any more."
  type        = string
  default     = "1.35"

  validation {
    condition     = contains(keys(local.versions), var.eks_version)
    error_message = "EKS no longer (or not yet) offers this version in standard support. Supported: ${join(", ", keys(local.versions))}."
  }
}

variable "vpc_id" {
  description = "VPC of the cluster."
  type        = string

  validation {
    condition     = length(var.vpc_id) > 0
    error_message = "vpc_id must not be empty."
  }
}

variable "subnet_ids" {
  description = "Private subnets of nodes and pods."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "EKS needs subnets in at least two zones."
  }
}

variable "control_plane_subnet_ids" {
  description = "Subnets of the control plane's network interfaces."
  type        = list(string)

  validation {
    condition     = length(var.control_plane_subnet_ids) >= 2
    error_message = "EKS needs subnets in at least two zones."
  }
}

variable "key_arns" {
  description = "KMS keys: Kubernetes secrets, log groups, volumes, and volumes of regulated nodes."
  type = object({
    secrets = string
    logs    = string
    volumes = string
    hipaa   = string
  })

  validation {
    condition     = alltrue([for arn in values(var.key_arns) : startswith(arn, "arn:")])
    error_message = "key_arns must be ARNs."
  }
}

variable "public_endpoint_cidrs" {
  description = "Addresses from which the API server may be reached from outside. Empty: from the VPC only."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.public_endpoint_cidrs : can(cidrhost(cidr, 0)) && tonumber(try(split("/", cidr)[1], 0)) >= 16])
    error_message = "public_endpoint_cidrs must be address ranges of /16 or smaller; 0.0.0.0/0 is refused."
  }
}

variable "service_cidr" {
  description = "Addresses of the cluster's Services: inside 10.0.0.0/8, which the manifests' network policies allow, and outside of every VPC. It cannot be changed later."
  type        = string
  default     = "10.100.0.0/16"

  validation {
    condition     = can(regex("^10\\.[0-9]+\\.[0-9]+\\.0/(1[2-9]|2[0-4])$", var.service_cidr)) && can(cidrhost(var.service_cidr, 0))
    error_message = "service_cidr must be a range of /12 to /24 in 10.0.0.0/8."
  }
}

variable "node_groups" {
  description = "Managed node groups. compute has a part on demand and a part on spot; gpu and hipaa are optional. System, gpu and hipaa nodes are tainted."
  type = object({
    system = object({
      instance_types = list(string)
      capacity_type  = optional(string, "ON_DEMAND")
      min            = optional(number, 2)
      desired        = optional(number, 2)
      max            = optional(number, 4)
    })
    compute = object({
      instance_types = list(string)
      on_demand      = optional(object({ min = number, desired = number, max = number }))
      spot           = optional(object({ min = number, desired = number, max = number }))
    })
    gpu = optional(object({
      instance_types = list(string)
      capacity_type  = optional(string, "ON_DEMAND")
      desired        = optional(number, 0)
      max            = optional(number, 20)
    }))
    hipaa = optional(object({
      instance_types = list(string)
      min            = optional(number, 0)
      desired        = optional(number, 0)
      max            = optional(number, 10)
    }))
  })

  validation {
    condition = alltrue([
      for sizes in [
        var.node_groups.system, var.node_groups.compute.on_demand, var.node_groups.compute.spot, var.node_groups.hipaa,
        var.node_groups.gpu == null ? null : merge(var.node_groups.gpu, { min = 0 }),
      ] : try(0 <= sizes.min && sizes.min <= sizes.desired && sizes.desired <= sizes.max && sizes.max > 0, sizes == null)
    ])
    error_message = "Every group needs 0 <= min <= desired <= max, and max above 0."
  }

  validation {
    condition     = alltrue([for type in [var.node_groups.system.capacity_type, try(var.node_groups.gpu.capacity_type, "SPOT")] : contains(["ON_DEMAND", "SPOT"], type)])
    error_message = "capacity_type must be ON_DEMAND or SPOT."
  }

  validation {
    condition = (
      (var.node_groups.system.capacity_type != "SPOT" || length(distinct(var.node_groups.system.instance_types)) >= 2) &&
      (var.node_groups.compute.spot == null || length(distinct(var.node_groups.compute.instance_types)) >= 2)
    )
    error_message = "A spot group needs at least two instance types: one alone is taken away too often."
  }

  validation {
    condition     = var.tags.Environment != "prod" || (var.node_groups.system.capacity_type == "ON_DEMAND" && var.node_groups.system.min >= 2 && var.node_groups.compute.on_demand != null)
    error_message = "Production runs its system nodes and a part of compute on demand."
  }

  validation {
    condition     = var.node_groups.compute.on_demand != null || var.node_groups.compute.spot != null
    error_message = "compute needs nodes on demand, on spot, or both."
  }
}

variable "node_disk_gib" {
  description = "Size of each node's encrypted root volume in GiB."
  type        = number
  default     = 100

  validation {
    condition     = var.node_disk_gib >= 20 && var.node_disk_gib <= 2000
    error_message = "node_disk_gib must lie between 20 and 2000."
  }
}

variable "addon_versions" {
  description = "Versions of the managed add-ons; what is not named takes the default of the cluster's version."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for addon in keys(var.addon_versions) : contains(keys(local.addons), addon)])
    error_message = "addon_versions may name ${join(", ", keys(local.addons))}."
  }
}

variable "access_entries" {
  description = "Roles of people and what they are in the cluster: RBAC groups of the manifests, or AWS's access policies for the whole cluster."
  type = map(object({
    principal_arn = string
    groups        = optional(set(string), [])
    policies      = optional(set(string), [])
  }))

  validation {
    condition     = anytrue([for entry in values(var.access_entries) : contains(entry.policies, "AmazonEKSClusterAdminPolicy")])
    error_message = "Somebody must be an administrator (AmazonEKSClusterAdminPolicy): the role that makes the cluster is none."
  }

  validation {
    condition     = alltrue([for entry in values(var.access_entries) : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", entry.principal_arn))])
    error_message = "principal_arn must be the ARN of an IAM role; users have long-lived keys."
  }

  validation {
    condition     = alltrue(flatten([for entry in values(var.access_entries) : [for group in entry.groups : !startswith(group, "system:")]]))
    error_message = "Groups must not begin with system:, which EKS refuses."
  }
}

variable "pod_identities" {
  description = "IAM roles of service accounts (EKS Pod Identity), by namespace/name."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for account, role in var.pod_identities : can(regex("^[a-z0-9-]+/[a-z0-9-]+$", account)) && can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", role))])
    error_message = "pod_identities maps namespace/service-account to the ARN of a role."
  }
}

variable "ebs_csi_role_arn" {
  description = "Role of the EBS driver's controller."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", var.ebs_csi_role_arn))
    error_message = "ebs_csi_role_arn must be the ARN of a role."
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

variable "karpenter" {
  description = "What Karpenter needs beside its role: node role, interruption queue. Null: no Karpenter."
  type = object({
    interruption_key_arn = string
  })
  default = null

  validation {
    condition     = var.karpenter == null || startswith(try(var.karpenter.interruption_key_arn, ""), "arn:")
    error_message = "interruption_key_arn must be the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the control plane's logs."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557], var.log_retention_days)
    error_message = "log_retention_days must be a value that CloudWatch knows, of at least a year: 365, 400, 545, 731, 1096, 1827, 2192 or 2557."
  }
}
