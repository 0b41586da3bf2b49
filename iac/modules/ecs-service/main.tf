resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["app", "web", "migrate"])

  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

# The name that Container Insights writes to; what ECS makes by itself is kept for ever.
resource "aws_cloudwatch_log_group" "insights" {
  name              = "/aws/ecs/containerinsights/${var.name}/performance"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_key_arn
}

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  depends_on = [aws_cloudwatch_log_group.insights]
}

resource "aws_ecs_service" "this" {
  name            = var.name
  cluster         = aws_ecs_cluster.this.id
  task_definition = coalesce(var.task_definition, aws_ecs_task_definition.pair.arn)
  launch_type     = "FARGATE"
  desired_count   = var.tasks_min

  enable_ecs_managed_tags           = true
  propagate_tags                    = "SERVICE"
  health_check_grace_period_seconds = 60

  # All old tasks stay until the new ones are healthy. Fargate spreads tasks over the subnets' zones;
  # rebalancing mends what a zone's failure left lopsided.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = var.rollback_alarms
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = "web"
    container_port   = var.web_port
  }

  # Autoscaling's to change.
  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [var.ready, aws_iam_role_policy.execution]
}
