# A client in the consumer VPC, which reaches the service through the endpoint.

locals {
  # In a zone that has the endpoint too, so that a request need not cross zones.
  client_zone = [for id in local.consumer_zones : id if contains(local.service_zones, id)][0]
}

module "consumer_instance" {
  source = "./modules/instance"
  count  = var.test_instances ? 1 : 0

  name             = "${var.name}-consumer-client"
  vpc_id           = module.consumer_vpc.vpc_id
  subnet_id        = module.consumer_vpc.subnet_ids["clients"][local.client_zone]
  service_group_id = module.consumer_endpoint.security_group_id
  ports            = local.ports

  permissions_boundary = var.permissions_boundary
}

# Session Manager's own endpoints, for this one instance: one zone is enough.
module "consumer_session_endpoints" {
  source = "./modules/aws-endpoints"
  count  = var.test_instances ? 1 : 0

  name       = "${var.name}-consumer"
  vpc_id     = module.consumer_vpc.vpc_id
  subnet_ids = [module.consumer_vpc.subnet_ids["endpoints"][local.client_zone]]
  services   = ["ssm", "ssmmessages", "ec2messages"]
  clients    = { "the test instance" = module.consumer_instance[0].security_group_id }
}
