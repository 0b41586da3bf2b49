# Where alarms, what happens to endpoint connections, failed deployments and the database's events are told.

resource "aws_sns_topic" "events" {
  name              = "${var.name}-events"
  kms_master_key_id = aws_kms_key.telemetry.arn
}

data "aws_iam_policy_document" "events" {
  statement {
    sid       = "AlarmsAndConnections"
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

  # Without a condition: EventBridge takes none in a topic's policy (EventBridge User Guide, "Troubleshooting").
  statement {
    sid       = "Events"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.events.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
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

# ---- Events

locals {
  # What is told of, and the events that tell it.
  events = {
    failed-deployment = {
      description = "ECS gave a deployment up, and went back to the former one"
      pattern = {
        source      = ["aws.ecs"]
        detail-type = ["ECS Deployment State Change"]
        resources   = ["arn:${local.partition}:ecs:${var.region}:${local.account}:service/${module.service.cluster_name}/${module.service.service_name}"]
        detail      = { eventName = ["SERVICE_DEPLOYMENT_FAILED"] }
      }
    }
    database = {
      description = "The database failed, failed over or recovered"
      pattern = {
        source      = ["aws.rds"]
        detail-type = ["RDS DB Cluster Event", "RDS DB Instance Event"]
        detail = {
          SourceIdentifier = concat([local.database_identifier], aws_rds_cluster_instance.this[*].identifier)
          EventCategories  = ["failover", "failure", "recovery"]
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.events

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = aws_cloudwatch_event_rule.this

  rule      = each.value.name
  target_id = "topic"
  arn       = aws_sns_topic.events.arn

  depends_on = [aws_sns_topic_policy.events]
}
