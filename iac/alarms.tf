# What is counted in the access log, and the alarms. A first deployment sets none off: what has not been measured
# yet alarms nobody.
#
# What begins with postern_ is counted by the application, which writes it into its log
# (fcgi-app/README.md, "Metrics for CloudWatch").

locals {
  # One JSON object a line. The load balancer's own checks are no requests of anybody's.
  requests = "($.request != \"GET /readyz*\")"

  # Those that lighttpd answers by itself while the application is away are errors, too.
  server_errors = { server-errors = { metric = "ServerErrors", pattern = "{ ($.status >= 500) && ${local.requests} }", value = "1", default = "0", unit = "Count", dimensions = null } }

  # AWS bills each, so they are not for every consumer. Where the value is the duration, its sample count is the requests.
  consumer_metrics = {
    duration = { metric = "ConsumerDuration", condition = "$.duration_us >= 0", value = "$.duration_us", unit = "Microseconds" }
    errors   = { metric = "ConsumerErrors", condition = "$.status >= 500", value = "1", unit = "Count" }
    limited  = { metric = "ConsumerLimited", condition = "$.status = 429", value = "1", unit = "Count" }
  }

  log_metrics = merge(local.server_errors, [for name in var.consumer_metrics : {
    for key, row in local.consumer_metrics : "consumer-${name}-${key}" => {
      metric     = row.metric
      pattern    = "{ ($.consumer = \"${name}\") && (${row.condition}) }"
      value      = row.value
      default    = null # there is none beside dimensions
      unit       = row.unit
      dimensions = { Consumer = "$.consumer" }
    }
  }]...)
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.log_metrics

  name           = "${var.name}-${each.key}"
  log_group_name = module.service.log_groups["web"]
  pattern        = each.value.pattern

  metric_transformation {
    namespace     = var.name
    name          = each.value.metric
    value         = each.value.value
    default_value = each.value.default
    unit          = each.value.unit
    dimensions    = each.value.dimensions
  }
}

locals {
  load_balancer_dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
  target_dimensions        = merge(local.load_balancer_dimensions, { TargetGroup = aws_lb_target_group.web.arn_suffix })
  database_dimensions      = { DBClusterIdentifier = aws_rds_cluster.this.cluster_identifier }

  # Each is asked once a minute, and goes off after so many minutes above its threshold.
  alarms = merge(local.task_alarms, {
    unhealthy-tasks = {
      namespace = "AWS/NetworkELB", metric = "UnHealthyHostCount", dimensions = local.target_dimensions, statistic = "Maximum"
      above     = 0, minutes = 3
      advice    = "Some task fails /readyz. See the app's log group: is the database within reach?"
    }
    server-errors = {
      namespace = var.name, metric = aws_cloudwatch_log_metric_filter.this["server-errors"].metric_transformation[0].name, dimensions = {}, statistic = "Sum"
      above     = 5, minutes = 2
      advice    = "Requests were answered with 5xx. See the web log group: filter { $.status >= 500 }."
    }
    port-allocation-errors = {
      namespace = "AWS/NetworkELB", metric = "PortAllocationErrorCount", dimensions = local.load_balancer_dimensions, statistic = "Sum"
      above     = 0, minutes = 1
      advice    = "The load balancer ran out of source ports towards the tasks and drops connections. Raise tasks_min."
    }
    balancer-resets = {
      namespace = "AWS/NetworkELB", metric = "TCP_ELB_Reset_Count", dimensions = local.load_balancer_dimensions, statistic = "Sum"
      above     = 50, minutes = 3
      advice    = "The load balancer resets connections: clients use them after they were idle for 350 s, or no task is healthy."
    }
    target-resets = {
      namespace = "AWS/NetworkELB", metric = "TCP_Target_Reset_Count", dimensions = local.load_balancer_dimensions, statistic = "Sum"
      above     = 50, minutes = 3
      advice    = "Tasks reset connections: web refuses a PROXY header or a consumer's endpoint id, or it is being killed. See the web log group."
    }
    database-capacity = {
      namespace = "AWS/RDS", metric = "ACUUtilization", dimensions = local.database_dimensions, statistic = "Maximum"
      above     = 90, minutes = 5
      advice    = "The database is close to database_max_acu; raise it."
    }
    database-cpu = {
      namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database_dimensions, statistic = "Maximum"
      above     = 85, minutes = 5
      advice    = "The database's CPU is busy; see Performance Insights."
    }
    database-connections = {
      namespace = "AWS/RDS", metric = "DatabaseConnections", dimensions = local.database_dimensions, statistic = "Maximum"
      above     = floor(0.8 * local.database_max_connections), minutes = 5
      advice    = "The database has four fifths of the connections that it takes; raise database_max_acu, or lower tasks_max."
    }
    database-lag = {
      namespace = "AWS/RDS", metric = "AuroraReplicaLagMaximum", dimensions = local.database_dimensions, statistic = "Maximum"
      above     = 2000, minutes = 5
      advice    = "Readers are more than two seconds behind; a failover would take long."
    }
  })

  # What the tasks tell of themselves.
  task_alarms = { for key, alarm in {
    slow-requests = {
      metric = "postern_request_duration_seconds", dimensions = {}, statistic = "p99", above = 0.5, minutes = 5
      advice = "One request in a hundred takes over half a second to answer. See the web log group: filter { $.duration_us > 500000 }."
    }
    limited-requests = {
      metric = "postern_problems_total", dimensions = { problem = "rate-limited" }, statistic = "Sum", above = 600, minutes = 5
      advice = "More than ten requests a second are over their consumer's rate. See the app log group: filter { $.status = 429 }; raise the rate in consumers, or tell the consumer."
    }
    queue = {
      metric = "postern_queue_length", dimensions = {}, statistic = "Maximum", above = 100, minutes = 3
      advice = "Requests wait for a worker. Is the database slow? Else raise tasks_min or task_workers."
    }
    store-unreachable = {
      metric = "postern_store_call_duration_seconds", dimensions = { result = "unreachable" }, statistic = "SampleCount", above = 10, minutes = 3
      advice = "The tasks do not reach the database. A failover is over in a minute; else see the database's events and its security group."
    }
    store-busy = {
      metric = "postern_store_call_duration_seconds", dimensions = { result = "busy" }, statistic = "SampleCount", above = 10, minutes = 3
      advice = "The database is too slow for POSTERN_STORE_TIMEOUT_MS. See its load, and Performance Insights."
    }
    store-faults = {
      metric = "postern_store_call_duration_seconds", dimensions = { result = "fault" }, statistic = "SampleCount", above = 0, minutes = 1
      advice = "The database refused a statement. See the app log group: filter { $.level = \"error\" }."
    }
    writer-stuck = {
      metric = "postern_writer_turn_age_seconds", dimensions = {}, statistic = "Maximum", above = 15, minutes = 2
      advice = "A task's writer does not come round, and no order is placed there. See the app log group, and the database's locks."
    }
    processes-failed = {
      metric = "postern_process_ends_total", dimensions = { cause = "failed" }, statistic = "Sum", above = 0, minutes = 1
      advice = "Processes of the application end by an error, and are replaced. See the app log group: filter { $.level = \"error\" }."
    }
    processes-killed = {
      metric = "postern_process_ends_total", dimensions = { cause = "killed" }, statistic = "Sum", above = 0, minutes = 1
      advice = "Processes of the application are killed, as for want of memory. See the app log group; raise task_memory if it is that."
    }
    processes-stuck = {
      metric = "postern_process_ends_total", dimensions = { cause = "stuck" }, statistic = "Sum", above = 0, minutes = 1
      advice = "Processes of the application were busy for longer than POSTERN_REQUEST_SECONDS with one request. See the app log group: filter { $.level = \"error\" }."
    }
    log-lines-dropped = {
      metric = "postern_log_lines_dropped_total", dimensions = {}, statistic = "Sum", above = 0, minutes = 1
      advice = "The log is not taken as fast as it is written, so lines are missing. Set log_level to warn, or raise tasks_min."
    }
  } : key => merge(alarm, { namespace = var.name }) }

  # These undo a deployment.
  rollback_alarms = ["unhealthy-tasks", "server-errors"]
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.advice
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 60
  evaluation_periods  = each.value.minutes
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.events.arn]
  ok_actions          = [aws_sns_topic.events.arn]

  # A handful of requests has no hundredth.
  evaluate_low_sample_count_percentiles = startswith(each.value.statistic, "p") ? "ignore" : null
}

# Missing data alone would be everything going well, above. Here it is no target at all: before there are tasks for
# the first time, which tells nobody anything, for the alarm begins in that state; later, when all have gone.
resource "aws_cloudwatch_metric_alarm" "no_healthy_task" {
  alarm_name                = "${var.name}-no-healthy-task"
  alarm_description         = "No task passes /readyz, or there is none. See the events of the ECS service."
  namespace                 = "AWS/NetworkELB"
  metric_name               = "HealthyHostCount"
  dimensions                = local.target_dimensions
  statistic                 = "Maximum"
  comparison_operator       = "LessThanThreshold"
  threshold                 = 1
  period                    = 60
  evaluation_periods        = 3
  treat_missing_data        = "missing"
  alarm_actions             = [aws_sns_topic.events.arn]
  ok_actions                = [aws_sns_topic.events.arn]
  insufficient_data_actions = [aws_sns_topic.events.arn]
}
