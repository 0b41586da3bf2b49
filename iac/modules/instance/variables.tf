variable "name" {
  description = "Name of the instance and prefix of the others."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_id" {
  description = "The subnet."
  type        = string
}

variable "service_group_id" {
  description = "Security group of what it calls: the load balancer's or the endpoint's."
  type        = string
}

variable "ports" {
  description = "Ports that it may call there."
  type        = list(number)
}

variable "volume_key_arn" {
  description = "KMS key of its disk; null: the account's own for EBS."
  type        = string
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds what the instance's role may do; null: none."
  type        = string
  default     = null
}
