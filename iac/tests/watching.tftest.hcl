# What is told of and what it costs to look: alarms, events, health checks, Session Manager.

mock_provider "aws" {
  source = "./tests/mocks"
}

# It runs commands, which would ask AWS itself.
override_module {
  target  = module.migration
  outputs = { id = "made-up" }
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "alarms" {
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.this : alarm.treat_missing_data == "notBreaching"]) && aws_cloudwatch_metric_alarm.no_healthy_task.treat_missing_data == "missing"
    error_message = "A first deployment, which has no data yet, must set off none."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.no_healthy_task.insufficient_data_actions == toset([aws_sns_topic.events.arn])
    error_message = "That no target is left at all must be told, too."
  }

  assert {
    condition = length(setsubtract(["unhealthy-tasks", "server-errors", "slow-requests", "balancer-resets", "target-resets",
    "database-capacity", "database-connections", "store-unreachable", "processes-stuck", "writer-stuck"], keys(aws_cloudwatch_metric_alarm.this))) == 0
    error_message = "Resets, latency and the database's connections must have alarms."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["slow-requests"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.this["slow-requests"].metric_name == "postern_request_duration_seconds"
    error_message = "The latency must be that of the slowest hundredth."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["database-connections"].threshold == 608
    error_message = "4 ACU take 760 connections; four fifths of them are too many."
  }

  assert {
    condition     = keys(aws_cloudwatch_event_target.this) == ["database", "failed-deployment"]
    error_message = "A failed deployment and the database's events must be told."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this["database"].event_pattern).detail.SourceIdentifier == ["postern", "postern-1", "postern-2"]
    error_message = "Of this database and no other."
  }

  assert {
    condition     = aws_lb.this.enable_zonal_shift && !one(aws_lb_target_group.web.target_health_state).enable_unhealthy_connection_termination
    error_message = "Zonal shift must be on, which asks for connections to unhealthy targets to stay."
  }

  assert {
    condition     = one(aws_lb_target_group.web.health_check).interval * (one(aws_lb_target_group.web.health_check).unhealthy_threshold - 1) >= 90
    error_message = "A fail-over of the database, 60 s and then reconnecting, must not make a target unhealthy."
  }
}

run "session_manager_where_there_are_instances" {
  command = plan

  assert {
    condition     = length(module.service_session_endpoints) == 1 && length(module.consumer_session_endpoints) == 1
    error_message = "Instances are reached through Session Manager's endpoints."
  }
}

run "no_instances" {
  command = plan

  variables {
    test_instances = false
  }

  assert {
    condition     = length(module.service_session_endpoints) == 0 && length(module.consumer_session_endpoints) == 0
    error_message = "Without instances, nothing needs Session Manager's endpoints, and each interface costs."
  }

  assert {
    condition     = keys(module.service_aws_endpoints.endpoint_ids) == ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
    error_message = "Tasks need these four and no other."
  }
}

run "metrics_are_told_to_nobody_else" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.tasks_metrics) == 0 && !contains(keys(module.service.app_environment), "METRICS_PORT")
    error_message = "Unless it is asked for, nothing listens for a collector."
  }

  assert {
    condition     = module.service.app_environment.POSTERN_EMF_NAMESPACE == "postern"
    error_message = "Alarms and dashboard look for the metrics under the deployment's name."
  }

  assert {
    condition     = keys(aws_cloudwatch_log_metric_filter.this) == ["server-errors"]
    error_message = "Without names, no metric is by consumer."
  }
}

run "metrics_for_a_collector_and_of_a_consumer" {
  command = plan

  variables {
    metrics_scraper_cidr = "10.20.3.0/24"
    consumer_metrics     = ["acme"]
    consumers            = { acme = { account = "111122223333" } }
  }

  assert {
    condition     = module.service.app_environment.METRICS_PORT == "9464" && module.service.app_environment.METRICS_ADDRESS == "0.0.0.0"
    error_message = "The task must listen on its own address."
  }

  assert {
    condition     = one(aws_vpc_security_group_ingress_rule.tasks_metrics).cidr_ipv4 == "10.20.3.0/24" && one(aws_vpc_security_group_ingress_rule.tasks_metrics).from_port == 9464 && one(aws_vpc_security_group_ingress_rule.tasks_metrics).to_port == 9464
    error_message = "That block, and that port alone."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["consumer-acme-limited"].pattern == "{ ($.consumer = \"acme\") && ($.status = 429) }" && length(aws_cloudwatch_log_metric_filter.this) == 4
    error_message = "Three metrics for the consumer that is named."
  }

  assert {
    condition     = strcontains(local.widgets[length(local.widgets) - 1].title, "Consumers")
    error_message = "The dashboard must show the consumer."
  }
}
