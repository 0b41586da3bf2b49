# A consumer's end of PrivateLink: the interface endpoint and who may use it.

locals {
  # AWS refuses an endpoint in a zone that the service is not in.
  common_zones = [for id in sort(keys(var.subnet_ids)) : id if var.service_zones == null ? true : contains(coalesce(var.service_zones, []), id)]
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-endpoint-"
  description = "Endpoint of the consumer: ports of the service from its clients, nothing out"
  vpc_id      = var.vpc_id

  tags = { Name = "${var.name}-endpoint" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "client" {
  for_each = toset([for port in var.ports : tostring(port)])

  security_group_id = aws_security_group.this.id
  description       = "Clients in the consumer VPC"
  cidr_ipv4         = var.client_cidr
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

# Its private name, if there is one, is switched on by aws_vpc_endpoint_private_dns beside this module:
# AWS allows that only once the connection has been accepted.
resource "aws_vpc_endpoint" "this" {
  vpc_id             = var.vpc_id
  service_name       = var.service_name
  service_region     = var.service_region
  vpc_endpoint_type  = "Interface"
  subnet_ids         = [for id in local.common_zones : var.subnet_ids[id]]
  security_group_ids = [aws_security_group.this.id]

  tags = { Name = "${var.name}-service" }

  lifecycle {
    precondition {
      condition     = length(local.common_zones) > 0
      error_message = "The consumer VPC has no subnet in a zone of the service (${join(", ", coalesce(var.service_zones, []))}); give it one."
    }
  }
}
