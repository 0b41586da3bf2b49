output "zone_ids" {
  description = "Those with cross-region access, in the order given."
  value       = [for id in var.zone_ids : id if !contains(local.without_access, id)]
}
