"""The deployer's IAM policy, made from recorded calls and held against them.

An action is allowed if it was sent, if a call that was sent asks for it as well (IMPLIED), or if something calls it
that no test can record (UNRECORDED). It is allowed on the resources of NARROW, and otherwise on all.
"""

import fnmatch
import json
import re
from typing import NamedTuple

from . import prose
from .call import Call

NAME = "postern"  # the variable `name`, by its default
SIZE = prose.SIZE_OF_POLICY

# The model's name of a service → IAM's, where they differ.
PREFIXES = {"elbv2": "elasticloadbalancing"}


class Implied(NamedTuple):
    calls: str  # expression for service:Operation
    member: str  # which the request must have, as the model names it; empty: none
    actions: tuple
    source: str


TAGGED = "Service Authorization Reference: tags in a call that makes something"
IMPLIED = [
    Implied("ec2:.*", "TagSpecifications", ("ec2:CreateTags",), TAGGED),
    Implied("elbv2:Create.*", "Tags", ("elasticloadbalancing:AddTags",), TAGGED),
    Implied("rds:Create.*", "Tags", ("rds:AddTagsToResource",), TAGGED),
    Implied("ecs:.*", "tags", ("ecs:TagResource",), TAGGED),
    Implied("ecr:CreateRepository", "tags", ("ecr:TagResource",), TAGGED),
    Implied("logs:CreateLogGroup", "tags", ("logs:TagResource",), TAGGED),
    Implied("sns:CreateTopic", "Tags", ("sns:TagResource",), TAGGED),
    Implied("kms:CreateKey", "Tags", ("kms:TagResource",), TAGGED),
    Implied("cloudwatch:Put.*Alarm", "Tags", ("cloudwatch:TagResource",), TAGGED),
    Implied("events:PutRule", "Tags", ("events:TagResource",), TAGGED),
    Implied("secretsmanager:CreateSecret", "Tags", ("secretsmanager:TagResource",), TAGGED),
    Implied("iam:CreateRole", "Tags", ("iam:TagRole",), TAGGED),
    Implied("iam:CreateInstanceProfile", "Tags", ("iam:TagInstanceProfile",), TAGGED),
    Implied("application-autoscaling:Register.*", "Tags", ("application-autoscaling:TagResource",), TAGGED),

    Implied("ecs:RegisterTaskDefinition", "executionRoleArn", ("iam:PassRole",), "ECS guide, task execution role"),
    Implied("ec2:RunInstances", "IamInstanceProfile", ("iam:PassRole",), "EC2 guide, roles for instances"),
    Implied("ec2:CreateFlowLogs", "DeliverLogsPermissionArn", ("iam:PassRole",), "VPC guide, flow logs"),
    Implied("(ecs:CreateService|elbv2:CreateLoadBalancer|rds:CreateDBCluster|"
            "application-autoscaling:RegisterScalableTarget)", "", ("iam:CreateServiceLinkedRole",),
            "each service's guide: the first call in an account makes its role"),

    Implied("secretsmanager:(Create|Put|Get)Secret.*", "", ("kms:Decrypt", "kms:GenerateDataKey"),
            "Secrets Manager guide, encryption: the caller uses the key"),
    Implied("rds-data:.*", "secretArn", ("secretsmanager:GetSecretValue", "kms:Decrypt"),
            "Aurora guide, Data API: the caller reads the secret"),
    Implied("rds:CreateDBCluster", "ManageMasterUserPassword",
            ("secretsmanager:CreateSecret", "secretsmanager:TagResource", "kms:DescribeKey", "kms:Decrypt",
             "kms:GenerateDataKey", "kms:CreateGrant"), "Aurora guide, passwords in Secrets Manager"),
    Implied("rds:(Create|Restore)DB.*", "KmsKeyId", ("kms:DescribeKey", "kms:CreateGrant"), "RDS guide, encryption"),
    Implied("ecr:CreateRepository", "encryptionConfiguration", ("kms:DescribeKey", "kms:CreateGrant"),
            "ECR guide, encryption at rest"),

    Implied("ec2:CreateVpcEndpoint", "PrivateDnsEnabled", ("route53:AssociateVPCWithHostedZone",),
            "Service Authorization Reference, CreateVpcEndpoint"),
    Implied("ec2:(Create|Modify)VpcEndpointServiceConfiguration", "(Add)?SupportedRegions", ("vpce:AllowMultiRegion",),
            "PrivateLink guide, cross-Region access"),
]
UNRECORDED = {
    action: "what `docker push` asks: ECR guide, pushing an image"
    for action in ("ecr:BatchCheckLayerAvailability", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart",
                   "ecr:CompleteLayerUpload", "ecr:PutImage", "ecr:BatchGetImage")
}


def arn(service, name, region="*", account="*"):
    return f"arn:aws:{service}:{region}:{account}:{name}"


ROLES, PROFILES = arn("iam", f"role/{NAME}-*", ""), arn("iam", f"instance-profile/{NAME}-*", "")
SECRETS = (arn("secretsmanager", f"secret:{NAME}/*"), arn("secretsmanager", "secret:rds!cluster-*"))
DATABASE_KINDS = ("cluster", "db", "subgrp", "cluster-pg", "cluster-snapshot")
DATABASE = tuple(arn("rds", f"{kind}:{NAME}*") for kind in DATABASE_KINDS)
# Expression for an action → where it is allowed; the first that matches counts. Calls that list, and those whose
# resource has no name before it is made, take no narrower one.
NARROW = {
    r"iam:PassRole|iam:\w*Role(?!s)(Policy|Policies|Description)?|iam:ListAttachedRolePolicies": (ROLES,),
    r"iam:\w*InstanceProfile(?!s)": (PROFILES,),
    r"secretsmanager:(?!GetRandomPassword|ListSecrets)\w+": SECRETS,
    r"logs:(?!Describe)\w+": (arn("logs", f"log-group:/{NAME}*"), arn("logs", f"log-group:/aws/*/{NAME}*")),
    r"ecr:(?!GetAuthorizationToken)\w+": (arn("ecr", f"repository/{NAME}/*"),),
    r"rds:(?!Describe)\w+": DATABASE,
    r"rds-data:\w+": (arn("rds", f"cluster:{NAME}*"),),
    r"sns:(Unsubscribe|GetSubscriptionAttributes|SetSubscriptionAttributes)": ("*",),
    r"sns:\w+": (arn("sns", f"{NAME}-*"),),
    r"cloudwatch:(?!Describe|List\w*s$|\w+Dashboards?$)\w+": (arn("cloudwatch", f"alarm:{NAME}-*"),),
    r"cloudwatch:\w+Dashboards?": (arn("cloudwatch", f"dashboard/{NAME}*", ""),),
    r"events:\w+": (arn("events", f"rule/{NAME}-*"),),
    r"ecs:(List\w+|DescribeTaskDefinition|DeregisterTaskDefinition)": ("*",),
    r"ecs:\w+": tuple(arn("ecs", f"{kind}/{NAME}*") for kind in ("cluster", "service", "task", "task-definition")),
    r"elasticloadbalancing:(?!Describe)\w+": tuple(
        arn("elasticloadbalancing", f"{kind}/{NAME}*") for kind in ("loadbalancer/net", "targetgroup", "listener/net")),
    r"ssm:SendCommand": (arn("ssm", "document/AWS-RunShellScript", account=""), arn("ec2", "instance/*")),
    r"ssm:GetParameters?": (arn("ssm", "parameter/aws/service/*", account=""),),
}
KEY_USERS = ("ecr", "rds", "secretsmanager")
THROUGH = {"StringLike": {"kms:ViaService": [f"{name}.*.amazonaws.com" for name in KEY_USERS]}}
# Of AWS's own policies only these: a role that a person could give more rights than his own would give him them.
ATTACHED = {"ArnEquals": {"iam:PolicyARN": ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]}}
# The provider gives this tag to all that it makes.
OURS = {"StringEquals": {"aws:ResourceTag/Project": NAME}}
SERVICE_ROLES = arn("iam", "role/aws-service-role/*", "")
CONDITIONS = {
    "iam:PassRole": {"StringEquals": {"iam:PassedToService": [
        "ec2.amazonaws.com", "ecs-tasks.amazonaws.com", "monitoring.rds.amazonaws.com",
        "vpc-flow-logs.amazonaws.com"]}},
    "iam:CreateServiceLinkedRole": {"StringEquals": {"iam:AWSServiceName": [
        "ecs.amazonaws.com", "ecs.application-autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com",
        "rds.amazonaws.com"]}},
    "iam:AttachRolePolicy": ATTACHED,
    "iam:DetachRolePolicy": ATTACHED,
    "kms:ScheduleKeyDeletion": OURS,
    "kms:EnableKeyRotation": OURS,
    "kms:Decrypt": THROUGH,
    "kms:GenerateDataKey": THROUGH,
    "kms:CreateGrant": THROUGH | {"Bool": {"kms:GrantIsForAWSResource": "true"}},
}
READS = re.compile(r"[\w-]+:(Describe|Get|List)\w*|ecr:Batch(Get|Check)\w+")
# What is of a reader's name and gives away more than it should to one who only looks.
NOT_READS = ("secretsmanager:GetSecretValue", "secretsmanager:GetRandomPassword", "ecr:GetAuthorizationToken")
NETWORK = ("ec2:", "elasticloadbalancing:", "route53:", "vpce:")


def action(call: Call):
    return f"{PREFIXES.get(call.service, call.service)}:{call.operation}"


def actions(call):
    """What IAM must allow for the call to be answered."""
    yield action(call)
    for row in IMPLIED:
        if re.fullmatch(row.calls, call.name):
            if not row.member or any(re.fullmatch(row.member, name) and value for name, value in call.members.items()):
                yield from row.actions


def narrowed(name):
    """The resources on which an action is allowed."""
    if name == "iam:CreateServiceLinkedRole":
        return (SERVICE_ROLES,)
    return next((places for pattern, places in NARROW.items() if re.fullmatch(pattern, name)), ("*",))


def policies(names):
    """File's name → policy: what only reads, what makes and changes networks, and the rest. One has no room for all."""
    reads = {name for name in names if READS.fullmatch(name) and name not in NOT_READS}
    network = {name for name in names - reads if name.startswith(NETWORK)}
    return {"deployer-policy.json": policy(names - reads - network), "deployer-policy-network.json": policy(network),
            "deployer-policy-read.json": policy(reads)}


def policy(names):
    statements = {}
    for name in sorted(names):
        condition = CONDITIONS.get(name)
        statements.setdefault((narrowed(name), json.dumps(condition)), []).append(name)
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": allowed, "Resource": list(places) if len(places) > 1 else places[0],
         **({"Condition": json.loads(condition)} if condition != "null" else {})}
        for (places, condition), allowed in sorted(statements.items(), key=lambda item: item[1])]}


def size(given):
    return len(json.dumps(given, separators=(",", ":")))


def statements_of(given, name):
    return [statement for document in given for statement in document["Statement"] if name in statement["Action"]]


def listed(given):
    """Every action of the policies."""
    return {name for document in given for statement in document["Statement"] for name in statement["Action"]}


# How a request names what it is about, where it does so by no ARN: member → the resource's name; the first counts.
NAMES = {
    "iam": {"InstanceProfileName": "instance-profile/{}", "RoleName": "role/{}"},
    "logs": {"logGroupName": "log-group:{}"},
    "ecr": {"repositoryName": "repository/{}"},
    "rds": {"DBClusterIdentifier": "cluster:{}", "DBInstanceIdentifier": "db:{}", "DBSubnetGroupName": "subgrp:{}",
            "DBClusterParameterGroupName": "cluster-pg:{}"},
    "ecs": {"clusterName": "cluster/{}"},
    "sns": {"Name": "{}"},
    "cloudwatch": {"AlarmName": "alarm:{}", "DashboardName": "dashboard/{}"},
}


# Members that name a policy which the call attaches, not what it is about.
OTHERS = ("PolicyArn", "PermissionsBoundary")


def resources(call, name):
    """ARNs of what the call is about, as far as it tells and the action's service is theirs."""
    service = name.split(":")[0]
    if name != action(call):
        return
    owner = {"rds-data": "rds"}.get(service, service)
    for member, value in call.members.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and item.startswith(f"arn:aws:{owner}:") and member not in OTHERS:
                yield item
    for member, spelled in NAMES.get(service, {}).items():
        value = call.members.get(member)
        if isinstance(value, str) and not value.startswith("arn:"):
            region = "" if service == "iam" or spelled.startswith("dashboard/") else call.request.region
            yield arn(owner, spelled.format(value), region, "123456789012")
            return


def places_of(statements):
    """Every resource of the statements."""
    found = [statement["Resource"] for statement in statements]
    return [place for item in found for place in ([item] if isinstance(item, str) else item)]


def refused(given, calls):
    """What the policies do not allow of these calls, and why."""
    missing = {}
    for call in calls:
        for name in actions(call):
            statements = statements_of(given, name)
            if not statements:
                missing.setdefault(f"{name} is not allowed", call)
                continue
            for resource in resources(call, name):
                if not any(fnmatch.fnmatchcase(resource, place) for place in places_of(statements)):
                    missing.setdefault(f"{name} is not allowed on {resource}", call)
            attached = call.members.get("PolicyArn")
            if attached and attached not in json.dumps([statement.get("Condition") for statement in statements]):
                missing.setdefault(f"{name} is not allowed for {attached}", call)
    return [f"{text}; {call.request.sender} sends {call.name}" for text, call in missing.items()]


def unsent(given, calls):
    """What the policies allow, and nobody has sent."""
    return sorted(listed(given) - {name for call in calls for name in actions(call)} - set(UNRECORDED))


def needed(calls):
    return {name for call in calls for name in actions(call)} | set(UNRECORDED)
