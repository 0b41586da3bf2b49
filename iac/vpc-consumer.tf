# A consumer in the same account: its VPC knows nothing of the service's but the endpoint.
# In another account, consumer-account/ makes the same.

module "consumer_vpc" {
  source = "./modules/network"

  name  = "${var.name}-consumer"
  cidr  = var.consumer_vpc_cidr
  zones = [for id in local.consumer_zones : { id = id, name = local.zone_names[id] }]
  tiers = ["clients", "endpoints"]

  log_retention_days = var.log_retention_days
  logs_key_arn       = aws_kms_key.telemetry.arn

  permissions_boundary = var.permissions_boundary
}

module "consumer_endpoint" {
  source = "./modules/consumer-endpoint"

  name          = "${var.name}-consumer"
  vpc_id        = module.consumer_vpc.vpc_id
  client_cidrs  = [var.consumer_vpc_cidr]
  subnet_ids    = module.consumer_vpc.subnet_ids["endpoints"]
  service_name  = aws_vpc_endpoint_service.this.service_name
  service_zones = local.service_zones
  ports         = local.ports

  # A service cannot be seen by who may not connect to it.
  depends_on = [aws_vpc_endpoint_service_allowed_principal.this]
}

# AWS lets a consumer take the private name once the owner has proved it and accepted the connection. It is there
# without a name, too, for the provider switches nothing off when this is deleted.
resource "aws_vpc_endpoint_private_dns" "consumer" {
  vpc_endpoint_id     = module.consumer_endpoint.endpoint_id
  private_dns_enabled = var.private_dns_name != null

  depends_on = [aws_vpc_endpoint_connection_accepter.this, aws_vpc_endpoint_service_private_dns_verification.this]
}
