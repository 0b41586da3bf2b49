"""Policies on what is told of: alarms, events, the dashboard."""

import json

from plan import policy
from policy_access import listed, statements

# Levels, not counts: added up over a minute, they are as many times too high as they were measured in it.
GAUGES = {"ActiveConnections", "EndpointsCount", "ActiveFlowCount", "HealthyHostCount", "UnHealthyHostCount",
          "CPUUtilization", "MemoryUtilization", "ACUUtilization", "DatabaseConnections", "AuroraReplicaLagMaximum"}


@policy
def quiet_at_first(plan):
    """Before the first deployment is done, there is no data."""
    for alarm in plan.of("aws_cloudwatch_metric_alarm"):
        if alarm["treat_missing_data"] == "breaching":
            yield f"{alarm.address}: a first deployment sets it off"
        if not alarm["alarm_actions"]:
            yield f"{alarm.address}: it tells nobody"


@policy
def gauge(plan):
    for alarm in plan.of("aws_cloudwatch_metric_alarm"):
        if alarm["metric_name"] in GAUGES and alarm["statistic"] == "Sum":
            yield f"{alarm.address}: {alarm['metric_name']} is summed up"
    for dashboard in plan.of("aws_cloudwatch_dashboard"):
        for widget in json.loads(dashboard["dashboard_body"] or "{}").get("widgets", []):
            for metric in widget["properties"]["metrics"]:
                if widget["properties"]["stat"] == "Sum" and metric[1] in GAUGES:
                    yield f"{dashboard.address}: {metric[1]} is summed up"


@policy
def delivered_event(plan):
    """A target that its resource does not let EventBridge in to loses every event, and says so nowhere."""
    policies = {p["arn"]: p["policy"] for p in plan.of("aws_sns_topic_policy")}
    for target in plan.of("aws_cloudwatch_event_target"):
        senders = {sender for statement in statements(policies.get(target["arn"])) if not statement.get("Condition")
                   for sender in listed((statement.get("Principal") or {}).get("Service"))}
        # A policy that is not known yet is None.
        if policies.get(target["arn"]) and "events.amazonaws.com" not in senders:
            yield f"{target.address}: EventBridge may not publish to its topic"
