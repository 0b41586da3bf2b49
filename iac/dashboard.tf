# The road of a request, from left to right and down. What is counted is summed up over a minute; what is a level, a
# gauge, is averaged, or its highest is shown: summed up, it would be as many times too high as it is measured.

locals {
  endpoint_dimensions = ["Service Id", aws_vpc_endpoint_service.this.id]
  lb_dimensions       = ["LoadBalancer", aws_lb.this.arn_suffix]
  tg_dimensions       = ["TargetGroup", aws_lb_target_group.web.arn_suffix, "LoadBalancer", aws_lb.this.arn_suffix]
  ecs_dimensions      = ["ClusterName", module.service.cluster_name, "ServiceName", module.service.service_name]
  db_dimensions       = ["DBClusterIdentifier", aws_rds_cluster.this.cluster_identifier]

  # A line for each combination of the dimensions that there is; "" for a condition.
  search = { for key, row in {
    requests = { metric = "postern_request_duration_seconds", dimensions = "code,route", where = "", stat = "SampleCount" }
    errors   = { metric = "postern_request_duration_seconds", dimensions = "code,route", where = " code=\"5xx\"", stat = "SampleCount" }
    slowest  = { metric = "postern_request_duration_seconds", dimensions = "code,route", where = "", stat = "p99" }
    problems = { metric = "postern_problems_total", dimensions = "problem", where = "", stat = "Sum" }
    results  = { metric = "postern_store_call_duration_seconds", dimensions = "result", where = "", stat = "SampleCount" }
  } : key => [[{ expression = "SEARCH('{\"${var.name}\",${row.dimensions}} MetricName=\"${row.metric}\"${row.where}', '${row.stat}', 60)" }]] }

  # Nothing at all, if nobody is named.
  consumer_widgets = [for widget in [
    { title = "Consumers: requests a minute", stat = "SampleCount", metric = "ConsumerDuration" },
    { title = "Consumers: 99 of 100 requests are faster, µs", stat = "p99", metric = "ConsumerDuration" },
    { title = "Consumers: server errors a minute", stat = "Sum", metric = "ConsumerErrors" },
    { title = "Consumers: limited requests a minute", stat = "Sum", metric = "ConsumerLimited" },
    ] : { title = widget.title, stat = widget.stat, metrics = [for name in sort(var.consumer_metrics) : [var.name, widget.metric, "Consumer", name]] }
  if length(var.consumer_metrics) > 0]

  widgets = concat([
    { title = "PrivateLink: open connections, endpoints", stat = "Average", metrics = [for m in ["ActiveConnections", "EndpointsCount"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "PrivateLink: new connections, resets", stat = "Sum", metrics = [for m in ["NewConnections", "RstPacketsSent"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "PrivateLink: bytes", stat = "Sum", metrics = [concat(["AWS/PrivateLinkServices", "BytesProcessed"], local.endpoint_dimensions)] },
    { title = "Load balancer: new flows", stat = "Sum", metrics = [for m in ["NewFlowCount", "PortAllocationErrorCount", "SecurityGroupBlockedFlowCount_Inbound"] : concat(["AWS/NetworkELB", m], local.lb_dimensions)] },
    { title = "Load balancer: open flows", stat = "Average", metrics = [concat(["AWS/NetworkELB", "ActiveFlowCount"], local.lb_dimensions)] },
    { title = "Resets: by clients, balancer, tasks", stat = "Sum", metrics = [for m in ["TCP_Client_Reset_Count", "TCP_ELB_Reset_Count", "TCP_Target_Reset_Count"] : concat(["AWS/NetworkELB", m], local.lb_dimensions)] },
    { title = "Tasks: healthy or not", stat = "Maximum", metrics = [for m in ["HealthyHostCount", "UnHealthyHostCount"] : concat(["AWS/NetworkELB", m], local.tg_dimensions)] },
    { title = "Server errors a minute", stat = "Sum", metrics = [[var.name, local.log_metrics["server-errors"].metric]] },
    { title = "Requests a minute, by route and code", stat = "SampleCount", metrics = local.search.requests },
    { title = "Server errors a minute, by route", stat = "SampleCount", metrics = local.search.errors },
    { title = "Requests: half, and 99 of 100, are faster, s", stat = "p99", metrics = [for stat in ["p50", "p99"] : [var.name, "postern_request_duration_seconds", { stat = stat, label = stat }]] },
    { title = "Requests: 99 of 100 are faster, by route, s", stat = "p99", metrics = local.search.slowest },
    { title = "Refused and limited requests a minute, by problem", stat = "Sum", metrics = local.search.problems },
    { title = "Orders a minute", stat = "Sum", metrics = [for outcome in ["placed", "replayed", "short", "cancelled"] : [var.name, "postern_orders_total", "outcome", outcome]] },
    { title = "Store: calls a minute, by result", stat = "SampleCount", metrics = local.search.results },
    { title = "Store: half, and 99 of 100 calls, are faster, s", stat = "p99", metrics = [for stat in ["p50", "p99"] : [var.name, "postern_store_call_duration_seconds", { stat = stat, label = stat }]] },
    { title = "Store: connections, retries, settled changes a minute", stat = "Sum", metrics = [for m in ["connections", "retries", "settled"] : [var.name, "postern_store_${m}_total"]] },
    { title = "Workers of a task, by what they do", stat = "Average", metrics = [for state in ["idle", "busy", "missing"] : [var.name, "postern_workers", "state", state]] },
    { title = "Processes that ended, by cause", stat = "Sum", metrics = [for cause in ["left", "failed", "killed", "stuck"] : [var.name, "postern_process_ends_total", "cause", cause]] },
    { title = "Requests that wait for a worker; changes in a group of the writer", stat = "Maximum", metrics = [[var.name, "postern_queue_length"], [var.name, "postern_writer_group_changes", { stat = "Average" }]] },
    { title = "Log: errors, dropped lines a minute", stat = "Sum", metrics = [for m in ["errors", "lines_dropped"] : [var.name, "postern_log_${m}_total"]] },
    { title = "Tasks: CPU and memory, %", stat = "Average", metrics = [for m in ["CPUUtilization", "MemoryUtilization"] : concat(["AWS/ECS", m], local.ecs_dimensions)] },
    { title = "Database: load, %", stat = "Maximum", metrics = [for m in ["ACUUtilization", "CPUUtilization"] : concat(["AWS/RDS", m], local.db_dimensions)] },
    { title = "Database: connections", stat = "Maximum", metrics = [concat(["AWS/RDS", "DatabaseConnections"], local.db_dimensions)] },
  ], local.consumer_widgets)
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
