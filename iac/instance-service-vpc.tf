# A client in the service VPC, which reaches the load balancer by its private name.

module "service_instance" {
  source = "./modules/instance"
  count  = var.test_instances ? 1 : 0

  name             = "${var.name}-service-client"
  vpc_id           = module.service_vpc.vpc_id
  subnet_id        = module.service_vpc.subnet_ids["endpoints"][local.service_zones[0]]
  service_group_id = aws_security_group.load_balancer.id
  ports            = local.ports

  permissions_boundary = var.permissions_boundary
}

# Session Manager's own endpoints, for this one instance: one zone is enough.
module "service_session_endpoints" {
  source = "./modules/aws-endpoints"
  count  = var.test_instances ? 1 : 0

  name       = "${var.name}-service-session"
  vpc_id     = module.service_vpc.vpc_id
  subnet_ids = [module.service_vpc.subnet_ids["endpoints"][local.service_zones[0]]]
  services   = ["ssm", "ssmmessages", "ec2messages"]
  clients    = { "the test instance" = module.service_instance[0].security_group_id }
}
