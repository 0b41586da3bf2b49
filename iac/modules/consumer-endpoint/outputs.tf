output "endpoint_id" {
  description = "Id of the endpoint; the service's owner accepts it by this."
  value       = aws_vpc_endpoint.this.id
}

output "security_group_id" {
  description = "Security group of the endpoint."
  value       = aws_security_group.this.id
}

output "zones" {
  description = "Ids of the zones the endpoint is in."
  value       = local.zones
}

output "dns_names" {
  description = "Names of the endpoint, the one for all zones first."
  value       = [for entry in aws_vpc_endpoint.this.dns_entry : entry.dns_name]
}
