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

variable "images" {
  description = "Names of the images that are built here; each gets a repository of its own."
  type        = set(string)
  default     = ["mlops/flink", "mlops/inference", "mlops/platform-api"]

  validation {
    condition     = length(var.images) > 0 && alltrue([for image in var.images : can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", image))])
    error_message = "images must be names as ECR takes them, such as mlops/platform-api."
  }
}

variable "key_arn" {
  description = "KMS key that encrypts the images."
  type        = string

  validation {
    condition     = startswith(var.key_arn, "arn:")
    error_message = "key_arn must be an ARN."
  }
}

variable "untagged_days" {
  description = "Days after which an image without a tag is deleted."
  type        = number
  default     = 14

  validation {
    condition     = var.untagged_days >= 1 && var.untagged_days <= 365
    error_message = "untagged_days must lie between 1 and 365."
  }
}

variable "force_delete" {
  description = "Whether destroying the environment deletes the images that are left."
  type        = bool
  default     = false

  validation {
    condition     = !var.force_delete || var.tags.Environment == "dev"
    error_message = "Only dev may delete repositories together with their images."
  }
}
