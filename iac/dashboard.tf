# The road of a request, from left to right and down. What is counted is summed up over a minute; what is a level, a
# gauge, is averaged, or its highest is shown: summed up, it would be as many times too high as it is measured.

locals {
  endpoint_dimensions = ["Service Id", aws_vpc_endpoint_service.this.id]
  lb_dimensions       = ["LoadBalancer", aws_lb.this.arn_suffix]
  tg_dimensions       = ["TargetGroup", aws_lb_target_group.web.arn_suffix, "LoadBalancer", aws_lb.this.arn_suffix]
  ecs_dimensions      = ["ClusterName", module.service.cluster_name, "ServiceName", module.service.service_name]
  db_dimensions       = ["DBClusterIdentifier", aws_rds_cluster.this.cluster_identifier]

  widgets = [
    { title = "PrivateLink: open connections, endpoints", stat = "Average", metrics = [for m in ["ActiveConnections", "EndpointsCount"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "PrivateLink: new connections, resets", stat = "Sum", metrics = [for m in ["NewConnections", "RstPacketsSent"] : concat(["AWS/PrivateLinkServices", m], local.endpoint_dimensions)] },
    { title = "PrivateLink: bytes", stat = "Sum", metrics = [concat(["AWS/PrivateLinkServices", "BytesProcessed"], local.endpoint_dimensions)] },
    { title = "Load balancer: new flows", stat = "Sum", metrics = [for m in ["NewFlowCount", "PortAllocationErrorCount", "SecurityGroupBlockedFlowCount_Inbound"] : concat(["AWS/NetworkELB", m], local.lb_dimensions)] },
    { title = "Load balancer: open flows", stat = "Average", metrics = [concat(["AWS/NetworkELB", "ActiveFlowCount"], local.lb_dimensions)] },
    { title = "Resets: by clients, balancer, tasks", stat = "Sum", metrics = [for m in ["TCP_Client_Reset_Count", "TCP_ELB_Reset_Count", "TCP_Target_Reset_Count"] : concat(["AWS/NetworkELB", m], local.lb_dimensions)] },
    { title = "Tasks: healthy or not", stat = "Maximum", metrics = [for m in ["HealthyHostCount", "UnHealthyHostCount"] : concat(["AWS/NetworkELB", m], local.tg_dimensions)] },
    { title = "Server errors a minute", stat = "Sum", metrics = [[var.name, local.log_metrics["server-errors"].metric]] },
    { title = "Requests: 99 of 100 are faster, µs", stat = "p99", metrics = [[var.name, local.log_metrics["duration"].metric]] },
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
