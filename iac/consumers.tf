# Who may connect, who is accepted, and who they are to the application.

module "consumers" {
  source = "./modules/consumers"

  consumers = var.consumers
  account   = local.account
  partition = local.partition
}

locals {
  # An endpoint that its consumer has deleted cannot be accepted any more. The provider forgets that it ever was,
  # and would try, and every deployment would fail until somebody took the id out of the table.
  connected_endpoints = var.connected_endpoint_ids == null ? module.consumers.endpoint_ids : setintersection(module.consumers.endpoint_ids, var.connected_endpoint_ids)
}

check "accepted_endpoints" {
  assert {
    condition     = !var.acceptance_required || length(local.connected_endpoints) == length(module.consumers.endpoint_ids)
    error_message = "AWS has no endpoint ${join(", ", setsubtract(module.consumers.endpoint_ids, local.connected_endpoints))} for this service: its consumer has deleted it, or the id is wrong. It was passed over; take it out of consumers."
  }
}
