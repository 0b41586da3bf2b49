# A consumer's end of PrivateLink: the interface endpoint and who may use it.

module "cross_region_zones" {
  source = "../cross-region-zones"

  zone_ids = sort(keys(var.subnet_ids))
}

locals {
  # AWS refuses an endpoint in a zone that the service is not in, and one that crosses regions in some.
  zones = (var.service_region != null ? module.cross_region_zones.zone_ids : var.service_zones == null ? sort(keys(var.subnet_ids)) :
  [for id in sort(keys(var.subnet_ids)) : id if contains(var.service_zones, id)])

  # Every port for every block and group.
  clients = merge([for port in var.ports : merge(
    { for block in var.client_cidrs : "${port} ${block}" => { port = port, block = block, group = null } },
    { for name, group in var.client_security_groups : "${port} ${name}" => { port = port, block = null, group = group } },
  )]...)
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
  for_each = local.clients

  security_group_id            = aws_security_group.this.id
  description                  = "Clients of the consumer"
  cidr_ipv4                    = each.value.block
  referenced_security_group_id = each.value.group
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# Its private name, if there is one, is switched on by aws_vpc_endpoint_private_dns beside this module:
# AWS allows that only once the connection has been accepted.
resource "aws_vpc_endpoint" "this" {
  vpc_id             = var.vpc_id
  service_name       = var.service_name
  service_region     = var.service_region
  vpc_endpoint_type  = "Interface"
  subnet_ids         = [for id in local.zones : var.subnet_ids[id]]
  security_group_ids = [aws_security_group.this.id]

  tags = { Name = "${var.name}-service" }

  lifecycle {
    precondition {
      condition     = length(local.zones) > 0
      error_message = var.service_region == null ? "The consumer VPC has no subnet in a zone of the service (${join(", ", coalesce(var.service_zones, []))}); give it one." : "AWS offers no cross-region access in any zone that the consumer VPC has a subnet in (${join(", ", keys(var.subnet_ids))}); give it a subnet in another."
    }
  }
}
