# ---- In the service VPC: a private zone

resource "aws_route53_zone" "internal" {
  name    = var.internal_zone
  comment = "${var.name}: names inside the service VPC"

  vpc {
    vpc_id = module.service_vpc.vpc_id
  }
}

resource "aws_route53_record" "internal" {
  zone_id = aws_route53_zone.internal.zone_id
  name    = "${var.internal_host}.${var.internal_zone}"
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}

# ---- In consumers' VPCs: a public name that each resolves to its own endpoint. AWS asks for proof that it
# ---- is ours: a TXT record in the public zone.

data "aws_route53_zone" "public" {
  count = var.private_dns_zone_id == null ? 0 : 1

  zone_id = var.private_dns_zone_id

  lifecycle {
    postcondition {
      condition     = self.private_zone != true
      error_message = "private_dns_zone_id names a private zone; AWS looks for the TXT record from outside. Give the public zone of the same domain."
    }

    postcondition {
      condition     = var.private_dns_name == trimsuffix(self.name, ".") || endswith(coalesce(var.private_dns_name, "-"), ".${trimsuffix(self.name, ".")}")
      error_message = "private_dns_name is not within the zone that private_dns_zone_id names; choose a name that ends with the zone's."
    }
  }
}

# The provider does not foresee that a service which exists gets another proof when it gets a name. What this
# gives back is unknown while the name is new, and so is the proof until the service has the name.
resource "terraform_data" "private_dns_name" {
  count = var.private_dns_name == null ? 0 : 1

  input = var.private_dns_name
}

# Nor does the provider take a name away: what it is not told, it leaves as AWS has it. So the name that AWS had
# when the variable became null is taken away here, after the consumer has left it, and AWS asked whether it is gone.
resource "terraform_data" "no_private_dns_name" {
  count = var.private_dns_name == null ? 1 : 0

  input = { service = aws_vpc_endpoint_service.this.id, name = coalesce(aws_vpc_endpoint_service.this.private_dns_name, "none") }

  provisioner "local-exec" {
    command = self.input.name == "none" ? "true" : "'${path.module}/bin/remove-private-dns-name' ${var.region} ${self.input.service}"
  }

  lifecycle {
    ignore_changes = [input]
  }

  depends_on = [aws_vpc_endpoint_private_dns.consumer]
}

locals {
  private_dns_proof = { for part in ["name", "type", "value"] : part =>
    one(terraform_data.private_dns_name[*].output) == var.private_dns_name ? try(aws_vpc_endpoint_service.this.private_dns_name_configuration[0][part], "none yet") : "not known yet"
  }
}

resource "aws_route53_record" "verification" {
  count = var.private_dns_name == null ? 0 : 1

  zone_id = data.aws_route53_zone.public[0].zone_id
  name    = "${local.private_dns_proof.name}.${var.private_dns_name}"
  type    = local.private_dns_proof.type
  ttl     = 300
  records = [local.private_dns_proof.value]
}

resource "aws_vpc_endpoint_service_private_dns_verification" "this" {
  count = var.private_dns_name == null ? 0 : 1

  service_id            = aws_vpc_endpoint_service.this.id
  wait_for_verification = true

  depends_on = [aws_route53_record.verification]

  lifecycle {
    replace_triggered_by = [terraform_data.private_dns_name]
  }
}
