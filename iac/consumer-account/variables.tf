variable "service_name" {
  description = "Name of the endpoint service, from its owner: output service_name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^com\\.amazonaws\\.vpce\\.[a-z0-9-]+\\.vpce-svc-[0-9a-f]{8,17}$", var.service_name))
    error_message = "service_name must be an endpoint service's, com.amazonaws.vpce.<region>.vpce-svc-<id>; its owner finds it in the output service_name."
  }
}

variable "service_availability_zone_ids" {
  description = "Ids of the zones the service is in, from its owner: output for_consumers."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.service_availability_zone_ids) > 0 && alltrue([for id in var.service_availability_zone_ids : can(regex("^[a-z]+[0-9]+-az[0-9]+$", id))])
    error_message = "service_availability_zone_ids must hold zone ids such as euw2-az1, at least one; zone names such as eu-west-2a mean another zone in each account."
  }
}

variable "service_ports" {
  description = "Ports of the service, from its owner: output for_consumers."
  type        = list(number)
  default     = [80]
  nullable    = false

  validation {
    condition     = length(var.service_ports) > 0 && alltrue([for port in var.service_ports : contains([80, 443], port)])
    error_message = "service_ports must be [80], or [80, 443] if the service has a certificate."
  }
}

variable "service_supported_regions" {
  description = "Regions from which the service takes connections beside its own, from its owner."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.service_supported_regions : can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", region))])
    error_message = "service_supported_regions must hold names of regions such as eu-west-1."
  }
}

variable "region" {
  description = "AWS region of the consumer's VPC."
  type        = string
  default     = "eu-west-2"
  nullable    = false

  validation {
    condition     = var.region == local.service_region || contains(var.service_supported_regions, var.region)
    error_message = "The service is in region \"${local.service_region}\" and takes no connections from \"${var.region}\". Set region to one of ${join(", ", concat([local.service_region], tolist(var.service_supported_regions)))}, or have its owner add ${var.region} to supported_regions and name it in service_supported_regions here."
  }
}

variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "consumer-of-postern"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 24
    error_message = "name must be 1 to 24 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "vpc_cidr" {
  description = "IPv4 block of the consumer's VPC, /16 to /24."
  type        = string
  default     = "10.30.0.0/16"
  nullable    = false

  validation {
    condition     = try(cidrsubnet(var.vpc_cidr, 0, 0) == var.vpc_cidr, false)
    error_message = "vpc_cidr \"${var.vpc_cidr}\" is no IPv4 block whose address is its first; write one such as 10.30.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.vpc_cidr)[1]) >= 16 && tonumber(split("/", var.vpc_cidr)[1]) <= 24, false)
    error_message = "vpc_cidr must be from /16, the largest VPC there is, to /24, the smallest whose subnets hold the endpoints; change what follows the slash."
  }
}

variable "more_client_cidrs" {
  description = "IPv4 blocks of further clients that reach this VPC, by peering say, and may use the endpoint too."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for block in var.more_client_cidrs : try(cidrsubnet(block, 0, 0) == block, false) && !endswith(block, "/0")])
    error_message = "more_client_cidrs must hold IPv4 blocks whose address is their first, such as 10.31.0.0/16, and none that is everybody's."
  }
}

variable "permissions_boundary" {
  description = "ARN of the IAM policy that bounds what every role here may do, where the account asks for one; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/[A-Za-z0-9+=,.@_/-]+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy, arn:aws:iam::<account>:policy/<name>, or null for none."
  }
}

variable "availability_zone_ids" {
  description = "Ids of the consumer's availability zones; empty: those of the service, or from another region three with cross-region access. Once deployed, a zone keeps its place, and a new one goes to the end."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.availability_zone_ids) <= 4 && length(distinct(var.availability_zone_ids)) == length(var.availability_zone_ids)
    error_message = "availability_zone_ids must name at most four zones, each once; remove some, or give none to take the service's."
  }

  validation {
    condition     = alltrue([for id in var.availability_zone_ids : contains(keys(local.zone_names), id)])
    error_message = "availability_zone_ids holds what is no zone id of region ${var.region}. Choose from ${join(", ", sort(keys(local.zone_names)))}."
  }

  validation {
    condition     = length(var.availability_zone_ids) == 0 || local.service_region != var.region || length(setintersection(var.availability_zone_ids, var.service_availability_zone_ids)) > 0
    error_message = "The consumer's VPC shares no zone with the service, which is in ${join(", ", var.service_availability_zone_ids)}: its endpoint would have nowhere to be. Add one of these to availability_zone_ids."
  }

  validation {
    condition     = length(var.availability_zone_ids) == 0 || local.service_region == var.region || length(setintersection(var.availability_zone_ids, module.cross_region_zones.zone_ids)) > 0
    error_message = "The service is in ${local.service_region}, and AWS offers no cross-region access in these zones: the endpoint would have nowhere to be. Add one of ${join(", ", module.cross_region_zones.zone_ids)} to availability_zone_ids."
  }
}

variable "private_dns_enabled" {
  description = "Whether the service's private DNS name, if it has one, resolves to this endpoint. AWS takes true, and false to switch it off again, only after the service's owner has accepted the endpoint; null: it is left as it is, off at first."
  type        = bool
  default     = null
}

variable "test_instance" {
  description = "Whether there is a small instance to try the service from, reached by SSM alone."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a time CloudWatch Logs has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}
