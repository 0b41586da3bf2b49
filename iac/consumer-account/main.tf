# A consumer in an account of its own: a VPC, the endpoint, and an instance to try it from. Who has a VPC
# already takes the module consumer-endpoint alone.

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

module "cross_region_zones" {
  source = "../modules/cross-region-zones"

  zone_ids = local.zone_ids
}

locals {
  zone_ids   = sort(keys(local.zone_names))
  zone_names = zipmap(data.aws_availability_zones.here.zone_ids, data.aws_availability_zones.here.names)

  client_cidrs = setunion([var.vpc_cidr], var.more_client_cidrs)

  service_region = try(regex("^com\\.amazonaws\\.vpce\\.([a-z0-9-]+)\\.vpce-svc-", var.service_name)[0], "")
  same_region    = local.service_region == var.region

  # From another region, any zone with cross-region access will do, and the service's own ids mean nothing here.
  usable_zones = local.same_region ? sort(setintersection(var.service_availability_zone_ids, local.zone_ids)) : module.cross_region_zones.zone_ids
  first_zones  = coalescelist(local.usable_zones, local.zone_ids)
  zones        = coalescelist(var.availability_zone_ids, slice(local.first_zones, 0, min(local.same_region ? 4 : 3, length(local.first_zones))))
}

# Chosen once: AWS cannot change it, so Terraform would delete the endpoint and make another, or forget it all.
resource "terraform_data" "deployed" {
  input = { region = var.region, name = var.name, vpc_cidr = var.vpc_cidr }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output.region == var.region
      error_message = "This is deployed in ${self.output.region}. With region ${var.region}, everything there would be forgotten and go on costing. Set region back, or apply this from a state of its own for ${var.region}."
    }

    postcondition {
      condition     = self.output.name == var.name && self.output.vpc_cidr == var.vpc_cidr
      error_message = "This is deployed as ${self.output.name} in ${self.output.vpc_cidr}. With name ${var.name} and vpc_cidr ${var.vpc_cidr}, the VPC or what stands in it, the endpoint too, would be deleted and made anew, and the service's owner would have to accept it anew. Set them back, or apply this once more from a state of its own and destroy this one afterwards."
    }
  }
}

module "vpc" {
  source = "../modules/network"

  name  = var.name
  cidr  = var.vpc_cidr
  zones = [for id in local.zones : { id = id, name = local.zone_names[id] }]
  tiers = ["clients", "endpoints"]

  log_retention_days   = var.log_retention_days
  logs_key_arn         = aws_kms_key.logs.arn
  permissions_boundary = var.permissions_boundary
}

module "endpoint" {
  source = "../modules/consumer-endpoint"

  name           = var.name
  vpc_id         = module.vpc.vpc_id
  client_cidrs   = local.client_cidrs
  subnet_ids     = module.vpc.subnet_ids["endpoints"]
  service_name   = var.service_name
  service_region = local.same_region ? null : local.service_region
  service_zones  = local.same_region ? var.service_availability_zone_ids : null
  ports          = var.service_ports
}

resource "aws_vpc_endpoint_private_dns" "this" {
  count = var.private_dns_enabled == null ? 0 : 1

  vpc_endpoint_id     = module.endpoint.endpoint_id
  private_dns_enabled = var.private_dns_enabled
}

module "instance" {
  source = "../modules/instance"
  count  = var.test_instance ? 1 : 0

  name             = "${var.name}-client"
  vpc_id           = module.vpc.vpc_id
  subnet_id        = module.vpc.subnet_ids["clients"][module.endpoint.zones[0]]
  service_group_id = module.endpoint.security_group_id
  ports            = var.service_ports

  permissions_boundary = var.permissions_boundary
}

module "aws_endpoints" {
  source = "../modules/aws-endpoints"
  count  = var.test_instance ? 1 : 0

  name       = var.name
  vpc_id     = module.vpc.vpc_id
  subnet_ids = [module.vpc.subnet_ids["endpoints"][module.endpoint.zones[0]]]
  services   = ["ssm", "ssmmessages", "ec2messages"]
  clients    = { "the test instance" = module.instance[0].security_group_id }
}

# ---- Flow logs are encrypted

data "aws_iam_policy_document" "logs_key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy, this key

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"]
    }
  }

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${data.aws_partition.current.partition}:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:*"]
    }
  }
}

resource "aws_kms_key" "logs" {
  description         = "${var.name}: flow logs"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.logs_key.json
}
