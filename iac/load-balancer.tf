# The internal Network Load Balancer: what the endpoint service stands on.

# An NLB that is made without a security group can never have one.
resource "aws_security_group" "load_balancer" {
  name_prefix = "${var.name}-nlb-"
  description = "Load balancer: ports of the service from the service VPC, out to the tasks"
  vpc_id      = module.service_vpc.vpc_id

  tags = { Name = "${var.name}-nlb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  for_each = toset([for port in local.ports : tostring(port)])

  security_group_id = aws_security_group.load_balancer.id
  description       = "Clients in the service VPC"
  cidr_ipv4         = var.service_vpc_cidr
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Requests and health checks to the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = local.web_port
  to_port                      = local.web_port
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "network"
  internal                   = true
  subnets                    = [for id in local.service_zones : module.service_vpc.subnet_ids["load-balancer"][id]]
  security_groups            = [aws_security_group.load_balancer.id]
  enable_deletion_protection = var.deletion_protection

  # A consumer's endpoint reaches the load balancer's node in its own zone. While a deployment or a
  # failure leaves that zone without a healthy task, the node must use the others'.
  enable_cross_zone_load_balancing = true

  # A person, or AWS if told so, may move all traffic out of a zone that is in trouble.
  enable_zonal_shift = true

  # Off: with it on, the rules above would be asked about the clients' own addresses in their VPCs. Those
  # are other accounts' to choose, may be the same in two of them, and would have to be listed here. Who
  # may connect is decided by principal and by acceptance, and in each consumer's own security group.
  enforce_security_group_inbound_rules_on_private_link_traffic = "off"
}

resource "aws_lb_target_group" "web" {
  name        = "${var.name}-web"
  vpc_id      = module.service_vpc.vpc_id
  target_type = "ip"
  protocol    = "TCP"
  port        = local.web_port

  # The header carries the client's address and the consumer's endpoint id; `web` expects it.
  proxy_protocol_v2  = true
  preserve_client_ip = false

  # An NLB may send new connections for up to two minutes after a target was deregistered. ECS stops the
  # task only when this time is over; idle connections that are still open are then closed, not forgotten.
  deregistration_delay   = 120
  connection_termination = true

  load_balancing_cross_zone_enabled = "use_load_balancer_configuration"

  # Connections to a target that fails its checks stay for this long: `web` goes on answering on them, with 503
  # while the database is away. Zonal shift across zones asks for it, too.
  target_health_state {
    enable_unhealthy_connection_termination = false
    unhealthy_draining_interval             = 120
  }

  # The whole road of a request, the database included. ECS replaces a task whose target is unhealthy, which does
  # not bring a database back: so a fail-over of Aurora, 60 s at most, must pass unnoticed here. The tenth check in
  # a row is the first that counts, 9 × 10 s after the first that failed.
  # Nothing waits for these 90 s but a task whose database alone is out of its reach. One that hangs fails the
  # containers' own checks, 15 s, and is replaced. One that ECS stops is deregistered before it is told to, so how
  # it drains (modules/ecs-service/task.tf) depends on deregistration_delay and not on these checks.
  health_check {
    protocol            = "HTTP"
    path                = "/readyz"
    port                = "traffic-port"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 10
  }
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "TCP"
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_lb_listener" "tls" {
  count = var.certificate_arn == null ? 0 : 1

  load_balancer_arn = aws_lb.this.arn
  protocol          = "TLS"
  port              = 443
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}
