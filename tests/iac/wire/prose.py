"""What only AWS's prose says of a request, as a table: characters, lengths of names, listed values, combinations.

The models of EC2, Elastic Load Balancing and RDS have no patterns, and moto takes what AWS then refuses at apply.
Each row names the page that it is from.
"""

import json
import re
from typing import Callable, NamedTuple

from policy_tasks import FARGATE_MEMORY
from .shape import Violation, shown

# Of a group's rules an older page leaves out & and ;, which are therefore not used.
GROUP_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*"
RULE_TEXT = r"[a-zA-Z0-9 ._\-:/()#,@\[\]+={}!$*]*"
BALANCER_NAME = r"(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
TARGET_NAME = r"[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
SIZE_OF_POLICY = 6144
DATABASE_ID = r"[a-zA-Z](-?[a-zA-Z0-9])*"
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
DAY = "(?:mon|tue|wed|thu|fri|sat|sun)"
TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
# Tags go to every service, so the narrowest of them counts: AWS General Reference, "Tagging your resources".
TAG_TEXT = r"[\w\s.:/=+\-@]*"


class Row(NamedTuple):
    calls: str  # expression for service:Operation
    path: str  # of the member; [] after a list stands for each of its items
    fault: Callable  # value → (kind, sentence), or None
    wrong: object  # a value that is refused
    source: str


def text(pattern, most):
    """Characters by a pattern, and a greatest length in bytes."""
    def fault(value):
        if len(value.encode()) > most:
            return "bytes", f"{shown(value)} has {len(value.encode())} bytes, and {most} is the most"
        if not re.fullmatch(pattern, value):
            return "characters", f"{shown(value)} does not match {pattern}"
        return None
    return fault


def listed(*values):
    def fault(value):
        return None if str(value) in map(str, values) else ("listed", f"{shown(value)} is none of {shown(values)}")
    return fault


def between(low, high):
    def fault(value):
        return None if low <= float(value) <= high else ("between", f"{shown(value)} is not within {low} and {high}")
    return fault


def document(most):
    """JSON of so many bytes at the most, spaces left out."""
    def fault(value):
        try:
            size = len(json.dumps(json.loads(value), separators=(",", ":")))
        except ValueError:
            return "document", f"{shown(value)} is no JSON"
        return None if size <= most else ("document", f"the document has {size} bytes, and {most} is the most")
    return fault


# ---- Combinations


def fargate_size(task):
    if "FARGATE" not in task.get("requiresCompatibilities", []):
        return None
    cpu, memory = int(task.get("cpu", 0)), int(task.get("memory", 0))
    if memory in FARGATE_MEMORY.get(cpu, []):
        return None
    return "combination", f"Fargate has no task of {cpu} CPU units with {memory} MiB"


def attributes(request):
    return {given["Key"]: given.get("Value", "") for given in request.get("Attributes", [])}


def connection_termination(request):
    given = attributes(request)
    if given.get("target_health_state.unhealthy.connection_termination.enabled") == "true" and \
            int(given.get("target_health_state.unhealthy.draining_interval_seconds", 0)) > 0:
        return "combination", "an unhealthy target drains only if its connections are not terminated"
    return None


TARGET_ATTRIBUTES = {
    "deregistration_delay.timeout_seconds": between(0, 3600),
    "target_health_state.unhealthy.draining_interval_seconds": between(0, 360000),
    "stickiness.type": listed("source_ip"),
    "preserve_client_ip.enabled": listed("true", "false"),
    "proxy_protocol_v2.enabled": listed("true", "false"),
    "load_balancing.cross_zone.enabled": listed("true", "false", "use_load_balancer_configuration"),
}


def target_attribute(given):
    fault = TARGET_ATTRIBUTES.get(given["Key"])
    return fault(given.get("Value", "")) if fault else None


def health_check(group):
    interval, timeout = int(group.get("HealthCheckIntervalSeconds", 30)), int(group.get("HealthCheckTimeoutSeconds", 6))
    return None if timeout <= interval else ("combination", f"a check of {timeout} s does not fit into {interval} s")


def capacity(scaling):
    low, high = float(scaling.get("MinCapacity", 0)), float(scaling.get("MaxCapacity", 1))
    if low <= high and (low * 2).is_integer() and (high * 2).is_integer() and 1 <= high <= 256:
        return None
    return "combination", f"Serverless v2 has no capacity from {low} to {high}: halves, 1 to 256 the most"


def scalable(target):
    low, high = int(target.get("MinCapacity", 0)), int(target.get("MaxCapacity", 0))
    if "MinCapacity" not in target or "MaxCapacity" not in target or low <= high:
        return None
    return "combination", f"at least {low} tasks are more than at most {high}"


def alarm(given):
    period = int(given.get("Period", 60))
    evaluated = int(given.get("EvaluationPeriods", 1))
    if period % 60 and period not in (10, 20, 30):
        return "combination", f"a period of {period} s is neither 10, 20, 30 nor a multiple of 60"
    if period * evaluated > (86400 if period < 3600 else 604800):
        return "combination", f"{evaluated} periods of {period} s are too long"
    if int(given.get("DatapointsToAlarm", evaluated)) > evaluated:
        return "combination", f"{given['DatapointsToAlarm']} points of {evaluated} periods"
    return None


def one_source(change):
    """A record has values, or is an alias."""
    record = change.get("ResourceRecordSet", {})
    if ("AliasTarget" in record) != ("ResourceRecords" in record):
        return None
    return "combination", "a record has either values or an alias"


LONG = "x" * 256
GROUP_RULES = "ec2:(Authorize|Revoke|Modify|Update)SecurityGroup.*"
DATABASE = "rds:(Create|Modify|Restore)DB(Cluster|Instance).*"
TASK, CONTAINER, HEALTH = "ecs:RegisterTaskDefinition", "containerDefinitions[]", "containerDefinitions[].healthCheck"
TARGETS = "elbv2:ModifyTargetGroupAttributes"
ROWS = [
    Row("ec2:CreateSecurityGroup", "Description", text(GROUP_TEXT, 255), "the service's ports",
        "EC2 API, CreateSecurityGroup"),
    Row("ec2:CreateSecurityGroup", "GroupName", text("(?!sg-)" + GROUP_TEXT, 255), "sg-postern",
        "EC2 API, CreateSecurityGroup"),
    *(Row(GROUP_RULES, f"IpPermissions[].{kind}[].Description", text(RULE_TEXT, 255), "the tasks' port",
          "EC2 API, IpRange") for kind in ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")),
    Row(GROUP_RULES, "SecurityGroupRules[].SecurityGroupRule.Description", text(RULE_TEXT, 255), '"tasks"',
        "EC2 API, SecurityGroupRuleRequest"),
    Row("ec2:CreateFlowLogs", "MaxAggregationInterval", listed(60, 600), 300, "EC2 API, CreateFlowLogs"),
    Row("ec2:Create(Vpc|Subnet)", "CidrBlock", text(r"\d+(\.\d+){3}/(1[6-9]|2[0-8])", 18), "10.0.0.0/8",
        "VPC guide, CIDR blocks"),
    Row("ec2:RunInstances", "UserData", text("(?s).*", 21848), "x" * 21849, "EC2 guide, user data: 16 KB, in base64"),

    Row("elbv2:CreateLoadBalancer", "Name", text(BALANCER_NAME, 32), "x" * 33, "ELB API, CreateLoadBalancer"),
    Row("elbv2:CreateTargetGroup", "Name", text(TARGET_NAME, 32), "postern-", "ELB API, CreateTargetGroup"),
    Row("elbv2:(Create|Modify)TargetGroup", "", health_check,
        {"HealthCheckIntervalSeconds": "5", "HealthCheckTimeoutSeconds": "6"}, "ELB API, CreateTargetGroup"),
    Row(TARGETS, "Attributes[]", target_attribute, {"Key": "deregistration_delay.timeout_seconds", "Value": "3601"},
        "ELB API, TargetGroupAttribute"),
    Row(TARGETS, "", connection_termination, {"Attributes": [
        {"Key": "target_health_state.unhealthy.connection_termination.enabled", "Value": "true"},
        {"Key": "target_health_state.unhealthy.draining_interval_seconds", "Value": "60"}]},
        "NLB guide, connection termination"),

    Row(TASK, "", fargate_size, {"requiresCompatibilities": ["FARGATE"], "cpu": "300", "memory": "512"},
        "ECS guide, task CPU and memory"),
    Row(TASK, "family", text("[a-zA-Z0-9_-]+", 255), "postern pair", "ECS API, RegisterTaskDefinition"),
    Row(TASK, CONTAINER + ".stopTimeout", between(2, 120), 121, "ECS API, ContainerDefinition"),
    Row(TASK, HEALTH + ".interval", between(5, 300), 4, "ECS API, HealthCheck"),
    Row(TASK, HEALTH + ".timeout", between(2, 60), 61, "ECS API, HealthCheck"),
    Row(TASK, HEALTH + ".retries", between(1, 10), 11, "ECS API, HealthCheck"),
    Row(TASK, HEALTH + ".startPeriod", between(0, 300), 301, "ECS API, HealthCheck"),
    Row("ecs:CreateCluster", "clusterName", text("[a-zA-Z0-9_-]+", 255), LONG, "ECS API, CreateCluster"),
    Row("ecs:CreateService", "serviceName", text("[a-zA-Z0-9_-]+", 255), "a/b", "ECS API, CreateService"),

    Row("iam:CreateRole", "AssumeRolePolicyDocument", document(2048), "{", "IAM guide, quotas"),
    Row("iam:PutRolePolicy", "PolicyDocument", document(10240), json.dumps("x" * 10240), "IAM guide, quotas"),
    Row("iam:CreatePolicy", "PolicyDocument", document(SIZE_OF_POLICY), "", "IAM guide, quotas"),
    Row("kms:(CreateKey|PutKeyPolicy)", "Policy", document(32768), "", "KMS guide, quotas"),
    Row("kms:ScheduleKeyDeletion", "PendingWindowInDays", between(7, 30), 6, "KMS API, ScheduleKeyDeletion"),
    Row("kms:(Create|Delete|Update)Alias", "AliasName", text("alias/(?!aws/)[a-zA-Z0-9/_-]+", 256), "alias/aws/rds",
        "KMS API, CreateAlias"),
    Row("secretsmanager:DeleteSecret", "RecoveryWindowInDays", between(7, 30), 31, "Secrets Manager API, DeleteSecret"),
    Row("secretsmanager:CreateSecret", "Name", text("[a-zA-Z0-9/_+=.@-]+", 512), "the role's",
        "Secrets Manager API, CreateSecret"),
    Row("secretsmanager:GetRandomPassword", "PasswordLength", between(4, 4096), 3,
        "Secrets Manager API, GetRandomPassword"),

    Row(DATABASE, "(New)?DB(Cluster|Instance)Identifier", text(DATABASE_ID, 63), "postern--1",
        "RDS API, CreateDBCluster"),
    Row(DATABASE, "DatabaseName", text("[a-zA-Z][a-zA-Z0-9]*", 63), "postern-1", "RDS API, CreateDBCluster"),
    Row(DATABASE, "MasterUsername", text("[a-zA-Z][a-zA-Z0-9_]*", 63), "1master", "RDS API, CreateDBCluster"),
    Row(DATABASE, "BackupRetentionPeriod", between(1, 35), 36, "RDS API, CreateDBCluster"),
    Row(DATABASE, "MonitoringInterval", listed(0, 1, 5, 10, 15, 30, 60), 20, "RDS API, CreateDBInstance"),
    Row(DATABASE, "PerformanceInsightsRetentionPeriod", listed(7, 731, *range(31, 714, 31)), 30,
        "RDS API, CreateDBInstance"),
    Row(DATABASE, "PreferredBackupWindow", text(f"{TIME}-{TIME}", 11), "3:00-4:00", "RDS API, CreateDBCluster"),
    Row(DATABASE, "PreferredMaintenanceWindow", text(f"{DAY}:{TIME}-{DAY}:{TIME}", 19), "sun:03:00-04:00",
        "RDS API, CreateDBCluster"),
    Row(DATABASE, "ServerlessV2ScalingConfiguration", capacity, {"MinCapacity": "0.7", "MaxCapacity": "4"},
        "Aurora guide, Serverless v2 capacity"),
    Row("rds:CreateDBSubnetGroup", "DBSubnetGroupName", text("(?!default$)[a-zA-Z0-9 ._-]+", 255), "default",
        "RDS API, CreateDBSubnetGroup"),
    Row("rds:CreateDBClusterParameterGroup", "DBClusterParameterGroupName", text(DATABASE_ID + "-?", 255), "1st",
        "RDS API, CreateDBClusterParameterGroup"),

    Row("logs:PutRetentionPolicy", "retentionInDays", listed(*LOG_DAYS), 31, "CloudWatch Logs API, PutRetentionPolicy"),
    Row("cloudwatch:PutMetricAlarm", "", alarm, {"Period": "45", "EvaluationPeriods": "1"},
        "CloudWatch API, PutMetricAlarm"),
    Row("cloudwatch:PutDashboard", "DashboardName", text("[a-zA-Z0-9_-]+", 255), "our service",
        "CloudWatch API, PutDashboard"),
    Row("cloudwatch:PutDashboard", "DashboardBody", document(1 << 20), "{'widgets': []}",
        "CloudWatch API, PutDashboard"),
    Row("sns:CreateTopic", "Name", text("[a-zA-Z0-9_-]+", 256), "our events", "SNS API, CreateTopic"),
    Row("application-autoscaling:RegisterScalableTarget", "", scalable, {"MinCapacity": 4, "MaxCapacity": 3},
        "Application Auto Scaling API, RegisterScalableTarget"),
    Row("route53:ChangeResourceRecordSets", "ChangeBatch.Changes[]", one_source, {"ResourceRecordSet": {"Name": "x"}},
        "Route 53 API, ResourceRecordSet"),
]
KINDS = ("bytes", "characters", "listed", "between", "document", "combination", "tag")


def violations(call):
    for row in ROWS:
        if re.fullmatch(row.calls, call.name):
            for path, value in values(call.members, row.path):
                found = row.fault(value)
                if found:
                    yield Violation(found[0], call.name, path, f"{found[1]} ({row.source})")
    for path, value in tags(call.members, ""):
        if not re.fullmatch(TAG_TEXT, value):
            yield Violation("tag", call.name, path, f"{shown(value)} has characters that some service refuses in a tag")


def values(members, path):
    """(path, value) of each member that the path, whose names are expressions, leads to."""
    if not path:
        return [("", members)]
    head, _, rest = path.partition(".")
    found = []
    for name, value in members.items() if isinstance(members, dict) else ():
        if not re.fullmatch(head.removesuffix("[]"), name):
            continue
        items = [(f"{name}[{n}]", item) for n, item in enumerate(value)] if head.endswith("[]") else [(name, value)]
        for at, item in items:
            found += [(".".join(filter(None, (at, further))), last) for further, last in values(item, rest)]
    return found


def tags(value, path):
    """(path, text) of each key and value of a tag, wherever it stands."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from tags(item, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            at = f"{path}.{name}".lstrip(".")
            if name.lower() not in ("tags", "taglist"):
                yield from tags(item, at)
            elif isinstance(item, dict):
                yield from ((at, given) for pair in item.items() for given in pair)
            else:
                yield from ((f"{at}[{number}]", given) for number, pair in enumerate(item or [])
                            if isinstance(pair, dict) for given in pair.values() if isinstance(given, str))
