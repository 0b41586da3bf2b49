variable "name" {
  description = "Prefix of the names."
  type        = string
}

variable "cidr" {
  description = "IPv4 block of the VPC."
  type        = string
}

variable "zones" {
  description = "Availability zones, by id and by name in this account; four at most. Those that are deployed keep their places; one more goes to the end."
  type        = list(object({ id = string, name = string }))
}

variable "tiers" {
  description = "Names of the groups of subnets, four at most; each has one subnet in each zone, in a quarter of the VPC of its own."
  type        = list(string)
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds the role of the flow logs; null: none."
  type        = string
  default     = null
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
}

variable "logs_key_arn" {
  description = "KMS key of the flow logs."
  type        = string
}
