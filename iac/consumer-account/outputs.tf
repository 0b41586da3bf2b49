output "endpoint_id" {
  description = "Id of the endpoint; the service's owner puts it into endpoint_ids of the consumer."
  value       = module.endpoint.endpoint_id
}

output "endpoint_dns_names" {
  description = "Names of the endpoint, the one for all zones first."
  value       = module.endpoint.dns_names
}

output "account" {
  description = "This account; the service's owner puts it into account of the consumer."
  value       = data.aws_caller_identity.current.account_id
}

output "ssm_command" {
  description = "Command that logs in to the test instance; null without it."
  value       = var.test_instance ? "aws ssm start-session --region ${var.region} --target ${module.instance[0].instance_id}" : null
}

output "curl_line" {
  description = "Command to try there."
  value       = "curl 'http://${module.endpoint.dns_names[0]}/products?pretty'"
}
