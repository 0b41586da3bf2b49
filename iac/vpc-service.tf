# The VPC of the service: three zones, no way to the internet in either direction.

module "service_vpc" {
  source = "./modules/network"

  name  = "${var.name}-service"
  cidr  = var.service_vpc_cidr
  zones = [for id in local.service_zones : { id = id, name = local.zone_names[id] }]

  # The load balancer's subnets have a block of their own and hold nothing else: `web` believes the PROXY
  # header of whoever connects from there, and in it the consumer's identity.
  tiers = ["tasks", "database", "endpoints", "load-balancer"]

  log_retention_days   = var.log_retention_days
  logs_key_arn         = aws_kms_key.telemetry.arn
  permissions_boundary = var.permissions_boundary
}

module "service_aws_endpoints" {
  source = "./modules/aws-endpoints"

  name       = "${var.name}-service"
  vpc_id     = module.service_vpc.vpc_id
  subnet_ids = [for id in local.service_zones : module.service_vpc.subnet_ids["endpoints"][id]]
  services   = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
  clients    = { "the tasks" = aws_security_group.tasks.id }
}

# ECR keeps the layers of images in S3. The signature on a layer's URL is AWS's own, not this account's.
data "aws_iam_policy_document" "image_layers" {
  statement {
    actions   = ["s3:GetObject"]
    resources = ["arn:${local.partition}:s3:::prod-${var.region}-starport-layer-bucket/*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "s3" {
  vpc_id            = module.service_vpc.vpc_id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [module.service_vpc.route_table_id]
  policy            = data.aws_iam_policy_document.image_layers.json

  tags = { Name = "${var.name}-service-s3" }
}
