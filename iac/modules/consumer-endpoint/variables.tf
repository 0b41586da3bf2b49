variable "name" {
  description = "Prefix of the names."
  type        = string
}

variable "vpc_id" {
  description = "The consumer's VPC."
  type        = string
}

variable "client_cidr" {
  description = "Block of the consumer's own clients."
  type        = string
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
  description = "Ids of the zones the service is in; null: any zone will do, as it does from another region."
  type        = list(string)
  default     = null
}

variable "ports" {
  description = "Ports of the service."
  type        = list(number)
}
