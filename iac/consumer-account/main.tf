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

module "vpc" {
  source = "../modules/network"

  name  = var.name
  cidr  = var.vpc_cidr
  zones = { for id in local.zones : id => local.zone_names[id] }
  tiers = ["clients", "endpoints"]

  log_retention_days = var.log_retention_days
  logs_key_arn       = aws_kms_key.logs.arn
}

module "endpoint" {
  source = "../modules/consumer-endpoint"

  name           = var.name
  vpc_id         = module.vpc.vpc_id
  client_cidr    = module.vpc.cidr
  subnet_ids     = module.vpc.subnet_ids["endpoints"]
  service_name   = var.service_name
  service_region = local.same_region ? null : local.service_region
  service_zones  = local.same_region ? var.service_availability_zone_ids : null
  ports          = var.service_ports
}

resource "aws_vpc_endpoint_private_dns" "this" {
  count = var.private_dns_enabled ? 1 : 0

  vpc_endpoint_id     = module.endpoint.endpoint_id
  private_dns_enabled = true
}

module "instance" {
  source = "../modules/instance"
  count  = var.test_instance ? 1 : 0

  name             = "${var.name}-client"
  vpc_id           = module.vpc.vpc_id
  subnet_id        = module.vpc.subnet_ids["clients"][module.endpoint.zones[0]]
  service_group_id = module.endpoint.security_group_id
  ports            = var.service_ports
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
