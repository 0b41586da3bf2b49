# What follows from the table of consumers: who may connect, who is accepted, and the lines by which the application
# names, limits and denies them (fcgi-app/README.md, "Consumers").

locals {
  admitted = [for consumer in values(var.consumers) : consumer if !consumer.denied]

  principals = setunion(
    ["arn:${var.partition}:iam::${var.account}:root"],
    [for consumer in local.admitted :
      startswith(consumer.account, "arn:") ? consumer.account : "arn:${var.partition}:iam::${consumer.account}:root"
    if consumer.account != null],
  )

  endpoint_ids = toset([for id in flatten([for consumer in local.admitted : tolist(consumer.endpoint_ids)]) :
  id if startswith(id, "vpce-")])

  # As fcgi-app/config/consumers.h has them. One who is only allowed to connect has no line yet.
  lines = flatten([for name, consumer in var.consumers : [for id in consumer.endpoint_ids : join(" ", concat(
    [id, name],
    consumer.rate == null ? [] : ["rate=${consumer.rate}"],
    consumer.burst == null ? [] : ["burst=${consumer.burst}"],
    consumer.denied ? ["denied"] : [],
  ))]])
}
