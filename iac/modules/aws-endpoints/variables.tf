variable "name" {
  description = "Prefix of the names."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets that get an interface of each endpoint, one in a zone."
  type        = list(string)
}

variable "services" {
  description = "AWS services by the last part of the endpoint's name, such as ecr.api."
  type        = set(string)
}

variable "clients" {
  description = "Security groups that may use the endpoints, by any name."
  type        = map(string)
}
