# Where alarms and what happens to endpoint connections are told.

resource "aws_sns_topic" "events" {
  name              = "${var.name}-events"
  kms_master_key_id = aws_kms_key.telemetry.arn
}

data "aws_iam_policy_document" "events" {
  statement {
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.events.arn]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "vpce.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_sns_topic_policy" "events" {
  arn    = aws_sns_topic.events.arn
  policy = data.aws_iam_policy_document.events.json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.notification_emails

  topic_arn = aws_sns_topic.events.arn
  protocol  = "email"
  endpoint  = each.key
}

# ---- Server errors, counted in the access log: one JSON object a line

resource "aws_cloudwatch_log_metric_filter" "server_errors" {
  name           = "${var.name}-server-errors"
  log_group_name = module.service.log_groups["web"]
  pattern        = "{ $.status >= 500 }"

  metric_transformation {
    name          = "ServerErrors"
    namespace     = var.name
    value         = "1"
    default_value = "0"
  }
}

# ---- Alarms. The first two undo a deployment.

locals {
  alarm_actions = [aws_sns_topic.events.arn]

  load_balancer_dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
  target_dimensions        = merge(local.load_balancer_dimensions, { TargetGroup = aws_lb_target_group.web.arn_suffix })
}

resource "aws_cloudwatch_metric_alarm" "unhealthy_tasks" {
  alarm_name          = "${var.name}-unhealthy-tasks"
  alarm_description   = "Some task fails /readyz. See the app's log group: is the database within reach?"
  namespace           = "AWS/NetworkELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = local.target_dimensions
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "server_errors" {
  alarm_name          = "${var.name}-server-errors"
  alarm_description   = "Requests were answered with 5xx. See the web log group: filter { $.status >= 500 }."
  namespace           = aws_cloudwatch_log_metric_filter.server_errors.metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.server_errors.metric_transformation[0].name
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 5
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_task" {
  alarm_name          = "${var.name}-no-healthy-task"
  alarm_description   = "No task passes /readyz: nobody is served. See the events of the ECS service."
  namespace           = "AWS/NetworkELB"
  metric_name         = "HealthyHostCount"
  dimensions          = local.target_dimensions
  statistic           = "Maximum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 2
  treat_missing_data  = "breaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "port_allocation" {
  alarm_name          = "${var.name}-port-allocation-errors"
  alarm_description   = "The load balancer ran out of source ports towards the tasks and drops connections. Raise tasks_min."
  namespace           = "AWS/NetworkELB"
  metric_name         = "PortAllocationErrorCount"
  dimensions          = local.load_balancer_dimensions
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "database" {
  for_each = {
    capacity = { metric = "ACUUtilization", above = 90, advice = "The database is close to database_max_acu; raise it." }
    cpu      = { metric = "CPUUtilization", above = 85, advice = "The database's CPU is busy; see Performance Insights." }
    lag      = { metric = "AuroraReplicaLagMaximum", above = 2000, advice = "Readers are more than two seconds behind; a failover would take long." }
  }

  alarm_name          = "${var.name}-database-${each.key}"
  alarm_description   = each.value.advice
  namespace           = "AWS/RDS"
  metric_name         = each.value.metric
  dimensions          = { DBClusterIdentifier = aws_rds_cluster.this.cluster_identifier }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching" # a single instance has no lag to tell
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
}

# ---- Dashboard: the road of a request, from left to right and down

locals {
  endpoint_dimensions = ["Service Id", aws_vpc_endpoint_service.this.id]
  lb_dimensions       = ["LoadBalancer", aws_lb.this.arn_suffix]
  tg_dimensions       = ["TargetGroup", aws_lb_target_group.web.arn_suffix, "LoadBalancer", aws_lb.this.arn_suffix]
  ecs_dimensions      = ["ClusterName", module.service.cluster_name, "ServiceName", module.service.service_name]
  db_dimensions       = ["DBClusterIdentifier", aws_rds_cluster.this.cluster_identifier]

  widgets = [
    { title = "PrivateLink: connections", stat = "Sum", metrics = [for m in ["NewConnections", "ActiveConnections", "RstPacketsSent"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "PrivateLink: endpoints and bytes", stat = "Sum", metrics = [for m in ["EndpointsCount", "BytesProcessed"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "Load balancer: flows", stat = "Sum", metrics = [for m in ["NewFlowCount", "PortAllocationErrorCount", "TCP_Target_Reset_Count", "SecurityGroupBlockedFlowCount_Inbound"] : concat(["AWS/NetworkELB", m], local.lb_dimensions)] },
    { title = "Tasks: healthy or not", stat = "Maximum", metrics = [for m in ["HealthyHostCount", "UnHealthyHostCount"] : concat(["AWS/NetworkELB", m], local.tg_dimensions)] },
    { title = "Server errors a minute", stat = "Sum", metrics = [[var.name, "ServerErrors"]] },
    { title = "Tasks: CPU and memory, %", stat = "Average", metrics = [for m in ["CPUUtilization", "MemoryUtilization"] : concat(["AWS/ECS", m], local.ecs_dimensions)] },
    { title = "Database: load, %", stat = "Maximum", metrics = [for m in ["ACUUtilization", "CPUUtilization"] : concat(["AWS/RDS", m], local.db_dimensions)] },
    { title = "Database: connections", stat = "Maximum", metrics = [concat(["AWS/RDS", "DatabaseConnections"], local.db_dimensions)] },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [for index, widget in local.widgets : {
      type   = "metric"
      x      = index % 3 * 8
      y      = floor(index / 3) * 6
      width  = 8
      height = 6
      properties = {
        title   = widget.title
        region  = var.region
        stat    = widget.stat
        period  = 60
        metrics = widget.metrics
      }
    }]
  })
}
