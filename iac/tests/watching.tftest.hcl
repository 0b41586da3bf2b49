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
    "database-capacity", "database-connections"], keys(aws_cloudwatch_metric_alarm.this))) == 0
    error_message = "Resets, latency and the database's connections must have alarms."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.this["slow-requests"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.this["slow-requests"].metric_name == "Duration"
    error_message = "The latency must be that of the slowest hundredth in the log."
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
