"""Policies on what is told of: alarms, events, the dashboard."""

import json

import emf
from plan import policy
from policy_access import listed, statements

# Levels, not counts: added up over a minute, they are as many times too high as they were measured in it.
GAUGES = {"ActiveConnections", "EndpointsCount", "ActiveFlowCount", "HealthyHostCount", "UnHealthyHostCount",
          "CPUUtilization", "MemoryUtilization", "ACUUtilization", "DatabaseConnections", "AuroraReplicaLagMaximum",
          *(name for name, (kind, _) in emf.metrics().items() if kind == "GAUGE")}


@policy
def quiet_at_first(plan):
    """Before the first deployment is done, there is no data."""
    for alarm in plan.of("aws_cloudwatch_metric_alarm"):
        if alarm["treat_missing_data"] == "breaching":
            yield f"{alarm.address}: a first deployment sets it off"
        if not alarm["alarm_actions"]:
            yield f"{alarm.address}: it tells nobody"


def looked_at(plan):
    """Every metric of an alarm or a widget: (address, namespace, name, dimensions, statistic). Of a dimension that a
    widget searches for, the value is None."""
    for alarm in plan.of("aws_cloudwatch_metric_alarm"):
        yield (alarm.address, alarm["namespace"], alarm["metric_name"], alarm["dimensions"] or {},
               alarm["statistic"] or alarm["extended_statistic"])
    for dashboard in plan.of("aws_cloudwatch_dashboard"):
        for widget in json.loads(dashboard["dashboard_body"] or "{}").get("widgets", []):
            for metric in widget["properties"]["metrics"]:
                options = metric[-1] if isinstance(metric[-1], dict) else {}
                stat = options.get("stat", widget["properties"]["stat"])
                if "expression" in options:
                    yield dashboard.address, *emf.search(options["expression"]), stat
                    continue
                space, name, *pairs = [part for part in metric if isinstance(part, str)]
                yield dashboard.address, space, name, dict(zip(pairs[::2], pairs[1::2])), stat


@policy
def gauge(plan):
    for address, _, name, _, stat in looked_at(plan):
        if name in GAUGES and stat == "Sum":
            yield f"{address}: {name} is summed up"


@policy
def written_metric(plan):
    """A metric that neither a filter of the log nor the application writes never sets off an alarm."""
    containers = [container for _, container in plan.containers()]
    spaces = {variable["value"] for container in containers for variable in container.get("environment") or []
              if variable["name"] == "POSTERN_EMF_NAMESPACE"}
    filtered = {}
    for resource in plan.of("aws_cloudwatch_log_metric_filter"):
        transformation = resource.block("metric_transformation")
        filtered[transformation["namespace"], transformation["name"]] = set(transformation["dimensions"] or {})
    for address, space, name, dimensions, _ in looked_at(plan):
        # What a task definition that is not known yet would write is not known either.
        if (space or "AWS/").startswith("AWS/") or not containers:
            continue
        if (space, name) in filtered:
            why = None if filtered[space, name] == set(dimensions) else f"{name} is not by {sorted(dimensions)}"
        else:
            why = emf.wrong(name, dimensions) if space in spaces else f"nobody writes into namespace {space}"
        if why:
            yield f"{address}: {why}"


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
