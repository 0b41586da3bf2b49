# What is deployed, and where. variables.tf has the other variables.

# ---- Images: the only variables without a default

variable "app_image_digest" {
  description = "Digest of the app image in its ECR repository; `make deploy` finds it out."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.app_image_digest))
    error_message = "app_image_digest must be a digest, sha256: and 64 hexadecimal digits, and no tag, for a tag may be moved. `make deploy` gives it; by hand: aws ecr describe-images --repository-name <name>/app."
  }
}

variable "web_image_digest" {
  description = "Digest of the web image in its ECR repository; `make deploy` finds it out."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^sha256:[0-9a-f]{64}$", var.web_image_digest))
    error_message = "web_image_digest must be a digest, sha256: and 64 hexadecimal digits, and no tag, for a tag may be moved. `make deploy` gives it; by hand: aws ecr describe-images --repository-name <name>/web."
  }
}

# ---- Where

variable "region" {
  description = "AWS region of the service and of the consumer VPC."
  type        = string
  default     = "eu-west-2"
  nullable    = false

  validation {
    condition     = contains(local.regions, var.region)
    error_message = "The service cannot run in region \"${var.region}\": it needs three zones, Fargate and Aurora Serverless v2 with the Data API. Choose one of ${join(", ", local.regions)}."
  }
}

variable "name" {
  description = "Prefix of every resource's name."
  type        = string
  default     = "postern"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 16
    error_message = "name must be 1 to 16 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen: load balancers and databases take no other."
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

variable "tags" {
  description = "Tags for every resource, beside Project and ManagedBy: 40 at most, of ASCII letters, digits, spaces and + - = . _ : / @."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : !startswith(lower(key), "aws:") && !contains(["project", "managedby"], lower(key))])
    error_message = "tags must not use keys that begin with aws: (AWS reserves them), nor Project or ManagedBy (set here already); rename those keys."
  }

  # What all of the services take: each has a rule of its own, and RDS and Elastic Load Balancing have the strictest.
  validation {
    condition     = alltrue([for text in concat(keys(var.tags), values(var.tags)) : can(regex("^[A-Za-z0-9 +=._:/@-]*$", text)) && trimspace(text) == text])
    error_message = "tags must hold ASCII letters, digits, spaces and + - = . _ : / @ only, and neither begin nor end with a space: some AWS services take no other keys and values."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : length(key) >= 1 && length(key) <= 128 && length(value) <= 256])
    error_message = "tags must have keys of 1 to 128 characters and values of at most 256: AWS takes no longer ones."
  }

  validation {
    condition     = !anytrue([for text in concat(keys(var.tags), values(var.tags)) : startswith(lower(text), "rds:")]) && !anytrue([for value in values(var.tags) : startswith(lower(value), "aws:")])
    error_message = "tags must not hold values that begin with aws:, nor keys or values that begin with rds:, which AWS reserves; write them otherwise."
  }

  validation {
    condition     = length(var.tags) <= 40 && length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags)
    error_message = "tags must hold 40 keys at most, and no two that differ in upper and lower case alone, which are the same to IAM."
  }
}

variable "availability_zone_ids" {
  description = "Ids (not names) of the service VPC's three or four availability zones, such as euw2-az1; empty: the region's first three, those with cross-region access before the others. Once deployed, a zone keeps its place, and a new one goes to the end."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = contains([0, 3, 4], length(var.availability_zone_ids)) && length(distinct(var.availability_zone_ids)) == length(var.availability_zone_ids)
    error_message = "availability_zone_ids must name three or four different zones, or none to take the region's first three."
  }

  validation {
    condition     = length(var.supported_regions) == 0 || length(setsubtract(setintersection(var.availability_zone_ids, local.zone_ids), module.cross_region_zones.zone_ids)) == 0
    error_message = "AWS offers no cross-region access in some zone of availability_zone_ids, and supported_regions asks for it. Take zones from ${join(", ", module.cross_region_zones.zone_ids)}, or empty supported_regions."
  }

  validation {
    condition     = alltrue([for id in var.availability_zone_ids : contains(data.aws_availability_zones.here.zone_ids, id)])
    error_message = "availability_zone_ids holds what is no zone id of region ${var.region}. Zone names such as ${var.region}a mean another zone in each account, so ids are needed. Choose from ${join(", ", sort(data.aws_availability_zones.here.zone_ids))}."
  }
}

variable "consumer_availability_zone_ids" {
  description = "Ids of the consumer VPC's availability zones; empty: those of the service."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.consumer_availability_zone_ids) <= 4 && length(distinct(var.consumer_availability_zone_ids)) == length(var.consumer_availability_zone_ids)
    error_message = "consumer_availability_zone_ids must name at most four zones, each once; remove some, or give none to take the service's."
  }

  validation {
    condition     = alltrue([for id in var.consumer_availability_zone_ids : contains(data.aws_availability_zones.here.zone_ids, id)])
    error_message = "consumer_availability_zone_ids holds what is no zone id of region ${var.region}. Choose from ${join(", ", sort(data.aws_availability_zones.here.zone_ids))}."
  }

  validation {
    condition     = length(var.consumer_availability_zone_ids) == 0 || length(setintersection(var.consumer_availability_zone_ids, local.service_zones)) > 0
    error_message = "The consumer VPC shares no zone with the service, which is in ${join(", ", local.service_zones)}: its endpoint would have nowhere to be. Add one of these to consumer_availability_zone_ids."
  }
}

variable "service_vpc_cidr" {
  description = "IPv4 block of the service VPC, /16 to /22."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    condition     = try(cidrsubnet(var.service_vpc_cidr, 0, 0) == var.service_vpc_cidr, false)
    error_message = "service_vpc_cidr \"${var.service_vpc_cidr}\" is no IPv4 block whose address is its first; write one such as 10.20.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.service_vpc_cidr)[1]) >= 16 && tonumber(split("/", var.service_vpc_cidr)[1]) <= 22, false)
    error_message = "service_vpc_cidr must be from /16, the largest VPC there is, to /22, the smallest whose subnets hold the tasks; change what follows the slash."
  }

  validation {
    condition     = try(contains(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], cidrsubnet("${split("/", var.service_vpc_cidr)[0]}/${startswith(var.service_vpc_cidr, "10.") ? 8 : startswith(var.service_vpc_cidr, "172.") ? 12 : 16}", 0, 0)), false)
    error_message = "service_vpc_cidr must lie in the private blocks 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; addresses outside belong to others."
  }
}

variable "consumer_vpc_cidr" {
  description = "IPv4 block of the consumer VPC, /16 to /24."
  type        = string
  default     = "10.30.0.0/16"
  nullable    = false

  validation {
    condition     = try(cidrsubnet(var.consumer_vpc_cidr, 0, 0) == var.consumer_vpc_cidr, false)
    error_message = "consumer_vpc_cidr \"${var.consumer_vpc_cidr}\" is no IPv4 block whose address is its first; write one such as 10.30.0.0/16."
  }

  validation {
    condition     = try(tonumber(split("/", var.consumer_vpc_cidr)[1]) >= 16 && tonumber(split("/", var.consumer_vpc_cidr)[1]) <= 24, false)
    error_message = "consumer_vpc_cidr must be from /16, the largest VPC there is, to /24, the smallest whose subnets hold the endpoints; change what follows the slash."
  }

  validation {
    condition     = try(contains(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"], cidrsubnet("${split("/", var.consumer_vpc_cidr)[0]}/${startswith(var.consumer_vpc_cidr, "10.") ? 8 : startswith(var.consumer_vpc_cidr, "172.") ? 12 : 16}", 0, 0)), false)
    error_message = "consumer_vpc_cidr must lie in the private blocks 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16; addresses outside belong to others."
  }

  # Two blocks overlap if they are the same once cut to the shorter prefix.
  validation {
    condition = try(cidrhost("${split("/", var.consumer_vpc_cidr)[0]}/${min(split("/", var.consumer_vpc_cidr)[1], split("/", var.service_vpc_cidr)[1])}", 0)
    != cidrhost("${split("/", var.service_vpc_cidr)[0]}/${min(split("/", var.consumer_vpc_cidr)[1], split("/", var.service_vpc_cidr)[1])}", 0), true)
    error_message = "consumer_vpc_cidr ${var.consumer_vpc_cidr} overlaps service_vpc_cidr ${var.service_vpc_cidr}; PrivateLink would not mind, but then the two could never be peered nor told apart in a log. Change one of them."
  }
}
