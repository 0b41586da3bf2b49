# A VPC without any way to the internet: private subnets, no gateway, no NAT.

locals {
  # Always quarters of quarters, so that a fourth zone or tier moves no subnet.
  blocks = { for index, tier in var.tiers : tier => cidrsubnet(var.cidr, 2, index) }

  subnets = merge([for tier, block in local.blocks : {
    for index, zone in var.zones : "${tier}-${zone.id}" => {
      tier = tier
      zone = zone
      cidr = cidrsubnet(block, 2, index)
    }
  }]...)

  # The zone of each subnet of the first tier that AWS has, by its place; null where there is none yet.
  deployed_zones = [for index in range(4) : one([for subnet in data.aws_subnet.deployed :
    subnet.availability_zone_id if subnet.cidr_block == cidrsubnet(local.blocks[var.tiers[0]], 2, index)
  ])]
}

# The subnets of the first tier that AWS has.
data "aws_subnets" "deployed" {
  filter {
    name   = "tag:Name"
    values = ["${var.name}-${var.tiers[0]}-*"]
  }
}

data "aws_subnet" "deployed" {
  for_each = toset(data.aws_subnets.deployed.ids)

  id = each.key
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # private names of endpoints need both

  tags = { Name = var.name }

  lifecycle {
    precondition {
      condition     = alltrue([for index, id in local.deployed_zones : id == null || id == try(var.zones[index].id, "none")])
      error_message = "${var.name} is deployed in the zones ${join(", ", compact(local.deployed_zones))}, and would be in ${join(", ", [for zone in var.zones : zone.id])}: subnets would be deleted with what stands in them, load balancer, tasks and database or endpoint, and made anew. Name the deployed zones in the order they have, and a new one after them. To leave a zone, deploy once more under another name with a state of its own, let the consumers move there, and destroy this one."
    }
  }
}

# Whoever forgets to name a security group gets one that lets nothing through.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-closed" }
}

resource "aws_subnet" "this" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.value.zone.name
  cidr_block              = each.value.cidr
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-${each.key}", Tier = each.value.tier }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_route_table_association" "this" {
  for_each = aws_subnet.this

  subnet_id      = each.value.id
  route_table_id = aws_route_table.this.id
}

# ---- Flow logs

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/${var.name}/flow"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_iam_policy_document" "flow_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    # Against a confused deputy: only for flow logs of this account.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

data "aws_iam_policy_document" "flow" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:*"]
  }

  # Asked for all groups at once, so this cannot be narrowed to one.
  statement {
    actions   = ["logs:DescribeLogGroups"]
    resources = ["arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group:*"]
  }
}

resource "aws_iam_role" "flow" {
  name_prefix          = "${var.name}-flow-"
  assume_role_policy   = data.aws_iam_policy_document.flow_trust.json
  permissions_boundary = var.permissions_boundary
}

resource "aws_iam_role_policy" "flow" {
  name   = "write-flow-logs"
  role   = aws_iam_role.flow.id
  policy = data.aws_iam_policy_document.flow.json
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 60

  tags = { Name = var.name }
}
