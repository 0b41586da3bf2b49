terraform {
  required_version = "~> 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = { Project = var.name, ManagedBy = "terraform" }
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_availability_zones" "here" {
  state = "available"

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zone_names = zipmap(data.aws_availability_zones.here.zone_ids, data.aws_availability_zones.here.names)

  service_region = try(regex("^com\\.amazonaws\\.vpce\\.([a-z0-9-]+)\\.vpce-svc-", var.service_name)[0], "")
  same_region    = local.service_region == var.region

  # From another region any zone will do, and the service's own ids mean nothing here.
  first_zones = slice(sort(keys(local.zone_names)), 0, min(3, length(local.zone_names)))
  zones = coalescelist(var.availability_zone_ids,
    local.same_region ? sort(setintersection(var.service_availability_zone_ids, keys(local.zone_names))) : [],
  local.first_zones)
}
