output "endpoint_ids" {
  description = "Ids of the endpoints by service."
  value       = { for service, endpoint in aws_vpc_endpoint.this : service => endpoint.id }
}
