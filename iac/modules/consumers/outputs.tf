output "principals" {
  description = "ARNs of those who may connect: accounts, roles and users."
  value       = local.principals
}

output "endpoint_ids" {
  description = "Ids of the endpoints that are accepted."
  value       = local.endpoint_ids
}

output "lines" {
  description = "The lines of POSTERN_CONSUMERS."
  value       = local.lines
}
