variable "consumers" {
  description = "The table of consumers."
  type = map(object({
    account      = optional(string),
    endpoint_ids = optional(set(string), []),
    rate         = optional(number),
    burst        = optional(number),
    denied       = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.consumers) : can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name)) && !can(regex("^vpce-[0-9a-f]+$", name))])
    error_message = "consumers must have names of 1 to 63 lower-case letters, digits, hyphens and underscores that begin with a letter or digit and are no endpoint's id; rename ${join(", ", [for name in keys(var.consumers) : "\"${name}\"" if !can(regex("^[a-z0-9][a-z0-9_-]{0,62}$", name)) || can(regex("^vpce-[0-9a-f]+$", name))])}."
  }

  validation {
    condition     = alltrue([for consumer in values(var.consumers) : consumer.account == null || can(regex("^([0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9+=,.@_/-]+)$", consumer.account))])
    error_message = "A consumer's account must be its 12 digits, or the ARN of a role or user there; * is refused because it lets in everybody."
  }

  validation {
    condition     = alltrue([for id in flatten([for consumer in values(var.consumers) : tolist(consumer.endpoint_ids)]) : can(regex("^(vpce-[0-9a-f]{8,17}|[*]|-)$", id))])
    error_message = "A consumer's endpoint_ids must hold ids of VPC endpoints, vpce- and 8 to 17 hexadecimal digits in lower case, or \"*\" or \"-\"; the consumer's output endpoint_id has its own."
  }

  validation {
    condition     = length(flatten([for consumer in values(var.consumers) : tolist(consumer.endpoint_ids)])) == length(distinct(flatten([for consumer in values(var.consumers) : tolist(consumer.endpoint_ids)])))
    error_message = "Two consumers have the same endpoint; take it out of one of them."
  }

  validation {
    condition     = alltrue([for consumer in values(var.consumers) : !contains(consumer.endpoint_ids, "*") || length(consumer.endpoint_ids) == 1])
    error_message = "The consumer with \"*\" must have no other endpoint, for each that is not listed counts alone; give the others a name of their own."
  }

  validation {
    condition     = alltrue([for consumer in values(var.consumers) : consumer.rate == null || try(consumer.rate >= 1 && consumer.rate <= 100000 && consumer.rate == floor(consumer.rate), false)])
    error_message = "A consumer's rate must be a whole number from 1 to 100000, or null for no limit."
  }

  validation {
    condition     = alltrue([for consumer in values(var.consumers) : consumer.burst == null || try(consumer.burst >= 1 && consumer.burst <= 1000000 && consumer.burst == floor(consumer.burst), false)])
    error_message = "A consumer's burst must be a whole number from 1 to 1000000, or null for twice its rate."
  }

  validation {
    condition     = alltrue([for consumer in values(var.consumers) : consumer.burst == null || consumer.rate != null])
    error_message = "A consumer's burst means nothing without its rate; set rate, too, or remove burst."
  }

  validation {
    condition     = sum(concat([0], [for consumer in values(var.consumers) : length(consumer.endpoint_ids)])) <= 1000
    error_message = "consumers has ${sum(concat([0], [for consumer in values(var.consumers) : length(consumer.endpoint_ids)]))} endpoints, and the application takes 1000; remove those that are gone."
  }

  # ECS takes 64 KiB for a whole task definition (Amazon ECS service quotas), of which the rest of ours has 8.
  validation {
    condition     = sum(concat([0], [for name, consumer in var.consumers : length(consumer.endpoint_ids) * length("vpce-0123456789abcdef0 ${name} rate=${coalesce(consumer.rate, 0)} burst=${coalesce(consumer.burst, 0)} denied;")])) <= 57344
    error_message = "consumers has more endpoints than a task definition has room for, which is 64 KiB; remove those that are gone, or shorten the names of those with many."
  }
}

variable "account" {
  description = "The account of the service, which may always connect."
  type        = string
}

variable "partition" {
  description = "The partition of AWS that the accounts are in."
  type        = string
}
