variable "name" {
  description = "Prefix of the names."
  type        = string
}

variable "cidr" {
  description = "IPv4 block of the VPC."
  type        = string
}

variable "zones" {
  description = "Availability zone ids and their names in this account; four at most."
  type        = map(string)
}

variable "tiers" {
  description = "Names of the groups of subnets, four at most; each has one subnet in each zone, in a quarter of the VPC of its own."
  type        = list(string)
}

variable "log_retention_days" {
  description = "Days that flow logs are kept."
  type        = number
}

variable "logs_key_arn" {
  description = "KMS key of the flow logs."
  type        = string
}
