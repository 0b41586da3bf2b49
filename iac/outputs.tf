# ---- For the consumers

output "service_name" {
  description = "Name of the endpoint service; a consumer's endpoint names it."
  value       = aws_vpc_endpoint_service.this.service_name
}

output "for_consumers" {
  description = "The variables of another account's consumer-account/: terraform output -json for_consumers >service.auto.tfvars.json"
  value = {
    service_name                  = aws_vpc_endpoint_service.this.service_name
    service_availability_zone_ids = local.service_zones
    service_ports                 = local.ports
    service_supported_regions     = var.supported_regions
  }
}

output "endpoint_dns_names" {
  description = "Names of the consumer VPC's endpoint, the one for all zones first."
  value       = module.consumer_endpoint.dns_names
}

# ---- To try it

locals {
  urls = {
    service_vpc  = "http://${aws_route53_record.internal.name}"
    consumer_vpc = "http://${var.private_dns_name == null ? module.consumer_endpoint.dns_names[0] : var.private_dns_name}"
  }

  instance_ids = {
    service_vpc  = one(module.service_instance[*].instance_id)
    consumer_vpc = one(module.consumer_instance[*].instance_id)
  }
}

output "ssm_commands" {
  description = "Commands that log in to the test instances."
  value       = { for vpc, id in local.instance_ids : vpc => "aws ssm start-session --region ${var.region} --target ${id}" if var.test_instances }
}

output "curl_lines" {
  description = "Commands to try on the test instances."
  value = { for vpc, url in local.urls : vpc => [
    "curl -i ${url}/readyz",
    "curl '${url}/products?pretty'",
    "curl -H 'Content-Type: application/json' -H 'Idempotency-Key: \"first\"' -d '{\"items\":[{\"product_id\":1,\"quantity\":2}]}' ${url}/orders",
    "curl ${url}/orders",
  ] }
}

output "urls" {
  description = "Where clients in each VPC find the service."
  value       = local.urls
}

output "instance_ids" {
  description = "Ids of the test instances; null without them."
  value       = local.instance_ids
}

# ---- For the commands beside this file

output "region" {
  description = "Region of everything here."
  value       = var.region
}

output "deletion_protection" {
  description = "Whether AWS refuses to delete the database and the load balancer."
  value       = var.deletion_protection
}

output "image_digests" {
  description = "What is deployed."
  value       = { app = var.app_image_digest, web = var.web_image_digest }
}

# Region and architecture are in here, and the region in what follows, because a part of the configuration
# that is applied alone sets only the outputs that stand on it.
output "registry" {
  description = "What it takes to build and push the images."
  value = {
    region           = var.region
    cpu_architecture = var.cpu_architecture
    urls             = { for image, repository in aws_ecr_repository.image : image => repository.repository_url }
  }
}

output "database" {
  description = "What database-role needs."
  value       = local.database_for_commands
}

output "migration" {
  description = "What it takes to run the migrating task."
  value       = local.migration_for_commands
}

output "ecs" {
  description = "The cluster, the service, the task definition that it ought to run, and the newest, which is another while task_definition is set."
  value = {
    cluster                = module.service.cluster_name
    service                = module.service.service_name
    task_definition        = module.service.task_definition_arn
    newest_task_definition = module.service.newest_task_definition_arn
  }
}

output "log_groups" {
  description = "Names of the log groups by container."
  value       = module.service.log_groups
}

# ---- For whoever looks for a fault

output "endpoint_service_id" {
  description = "Id of the endpoint service."
  value       = aws_vpc_endpoint_service.this.id
}

output "consumer_endpoint_id" {
  description = "Id of the consumer VPC's endpoint."
  value       = module.consumer_endpoint.endpoint_id
}

output "load_balancer_arn" {
  description = "The load balancer."
  value       = aws_lb.this.arn
}

output "target_group_arn" {
  description = "The target group of web."
  value       = aws_lb_target_group.web.arn
}
