# PrivateLink, the owner's side: who may connect, and who is connected.

resource "aws_vpc_endpoint_service" "this" {
  network_load_balancer_arns = [aws_lb.this.arn]
  acceptance_required        = var.acceptance_required
  private_dns_name           = var.private_dns_name
  supported_ip_address_types = ["ipv4"]

  # Never left out: what the provider is not told, it leaves as AWS has it.
  supported_regions = setunion([var.region], var.supported_regions)

  tags = { Name = var.name }

  # A connection that is accepted before anything listens would meet resets.
  depends_on = [aws_lb_listener.tcp]
}

resource "aws_vpc_endpoint_service_allowed_principal" "this" {
  for_each = module.consumers.principals

  vpc_endpoint_service_id = aws_vpc_endpoint_service.this.id
  principal_arn           = each.key
}

resource "aws_vpc_endpoint_connection_accepter" "this" {
  for_each = var.acceptance_required ? merge(
    { consumer_vpc = module.consumer_endpoint.endpoint_id },
    { for id in local.connected_endpoints : id => id },
  ) : {}

  vpc_endpoint_service_id = aws_vpc_endpoint_service.this.id
  vpc_endpoint_id         = each.value

  lifecycle {
    precondition {
      condition     = each.key == "consumer_vpc" || each.value != module.consumer_endpoint.endpoint_id
      error_message = "${each.key} is the endpoint of the consumer VPC here, which is accepted anyway; take it out of consumers. What holds for \"*\" holds for it."
    }
  }
}

# ---- What happens to connections is told to the topic of notifications.tf

resource "aws_vpc_endpoint_connection_notification" "this" {
  vpc_endpoint_service_id     = aws_vpc_endpoint_service.this.id
  connection_notification_arn = aws_sns_topic.events.arn
  connection_events           = ["Accept", "Connect", "Delete", "Reject"]

  depends_on = [aws_sns_topic_policy.events]
}
