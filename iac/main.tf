# What every other file stands on: the provider, the account, the zones.

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, { Project = var.name, ManagedBy = "terraform" })
  }
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# Local zones and wavelength zones take neither Fargate nor an NLB.
data "aws_availability_zones" "here" {
  state = "available"

  # Of the regions below, Fargate leaves out this zone alone (Amazon ECS Developer Guide, "Supported Regions
  # for Amazon ECS on AWS Fargate").
  exclude_zone_ids = ["apne1-az3"]

  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

module "cross_region_zones" {
  source = "./modules/cross-region-zones"

  zone_ids = local.zone_ids
}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Regions with three zones, Fargate, Aurora Serverless v2 and its Data API, enabled in every account.
  # us-west-1 is missing because an account sees only two of its zones.
  regions = [
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-2",
  ]

  # Names are the account's own; only ids mean the same zone to both sides.
  zone_names = zipmap(data.aws_availability_zones.here.zone_ids, data.aws_availability_zones.here.names)

  zone_ids = sort(keys(local.zone_names))

  # Zones with cross-region access come first, so that supported_regions can be set later, too.
  first_zones = concat(module.cross_region_zones.zone_ids,
  length(var.supported_regions) > 0 ? [] : [for id in local.zone_ids : id if !contains(module.cross_region_zones.zone_ids, id)])
  service_zones  = coalescelist(var.availability_zone_ids, slice(local.first_zones, 0, min(3, length(local.first_zones))))
  consumer_zones = coalescelist(var.consumer_availability_zone_ids, local.service_zones)

  # The ports consumers may use. TLS exists only with a certificate.
  ports = var.certificate_arn == null ? [80] : [80, 443]
}
