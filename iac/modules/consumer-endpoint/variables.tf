variable "name" {
  description = "Prefix of the names."
  type        = string
}

variable "vpc_id" {
  description = "The consumer's VPC."
  type        = string
}

variable "client_cidrs" {
  description = "IPv4 blocks whose clients may use the endpoint, such as those of the consumer's VPC."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for block in var.client_cidrs : try(cidrsubnet(block, 0, 0) == block, false)])
    error_message = "client_cidrs must hold IPv4 blocks whose address is their first, such as 10.30.0.0/16."
  }

  validation {
    condition     = length(var.client_cidrs) + length(var.client_security_groups) > 0
    error_message = "Nobody could use the endpoint: name clients by client_cidrs, client_security_groups or both."
  }
}

variable "client_security_groups" {
  description = "Security groups whose members may use the endpoint, by any name."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "subnet_ids" {
  description = "The consumer's subnets by availability zone id."
  type        = map(string)
}

variable "service_name" {
  description = "Name of the endpoint service, com.amazonaws.vpce.<region>.vpce-svc-<id>."
  type        = string
}

variable "service_region" {
  description = "Region of the service if it is another one; null: the same."
  type        = string
  default     = null
}

variable "service_zones" {
  description = "Ids of the zones the service is in; null: any zone will do. Not looked at if service_region is given: from another region, any zone with cross-region access will do."
  type        = list(string)
  default     = null
}

variable "ports" {
  description = "Ports of the service."
  type        = list(number)
}
