# What a VPC without internet needs of AWS itself: an interface endpoint for each service.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

# An endpoint must not be a way out for credentials of another account.
data "aws_iam_policy_document" "own_account" {
  statement {
    actions   = ["*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-aws-endpoints-"
  description = "Endpoints of AWS services: HTTPS from the groups named, nothing out"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-aws-endpoints" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = var.clients

  security_group_id            = aws_security_group.this.id
  description                  = "HTTPS from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "client" {
  for_each = var.clients

  security_group_id            = each.value
  description                  = "HTTPS to the endpoints of AWS services"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "this" {
  for_each = var.services

  vpc_id              = var.vpc_id
  service_name        = "com.amazonaws.${data.aws_region.current.name}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.this.id]
  policy              = data.aws_iam_policy_document.own_account.json

  tags = { Name = "${var.name}-${each.key}" }
}
