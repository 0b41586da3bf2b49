"""Policies on permissions, encryption and what is kept."""

import fnmatch
import json

from plan import policy

# Service Authorization Reference: actions that take no resource, so that "*" is all one can say.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken", "cloudwatch:PutMetricData", "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel", "ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage",
    "ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages", "ec2messages:SendReply",
}
# AWS's own policies that grant more than this project's tasks need; ours name what they may touch.
TOO_WIDE = ("AmazonECSTaskExecutionRolePolicy", "AdministratorAccess", "PowerUserAccess", "*FullAccess")
ROLE_POLICIES = ("aws_iam_role_policy", "aws_iam_policy")
RESOURCE_POLICIES = ("aws_sns_topic_policy", "aws_ecr_repository_policy", "aws_secretsmanager_secret_policy",
                     "aws_s3_bucket_policy", "aws_vpc_endpoint")


def listed(value):
    return value if isinstance(value, list) else [] if value is None else [value]


def statements(text):
    for statement in listed(json.loads(text or "{}").get("Statement")):
        if statement.get("Effect") == "Allow":
            yield statement


@policy
def narrow_role(plan):
    for resource in plan.of(*ROLE_POLICIES):
        for statement in statements(resource["policy"]):
            actions = listed(statement.get("Action"))
            for action in actions:
                if action == "*" or action.endswith(":*"):
                    yield f"{resource.address}: action {action} is more than is needed"
            if "*" in listed(statement.get("Resource")):
                for action in sorted(set(actions) - WITHOUT_RESOURCE):
                    yield f"{resource.address}: {action} is allowed on every resource"
    for attachment in plan.of("aws_iam_role_policy_attachment"):
        name = (attachment["policy_arn"] or "").rsplit("/", 1)[-1]
        if any(fnmatch.fnmatch(name, wide) for wide in TOO_WIDE):
            yield f"{attachment.address}: {name} allows more than is needed"


@policy
def trust(plan):
    for role in plan.of("aws_iam_role"):
        for statement in statements(role["assume_role_policy"]):
            principal = statement.get("Principal")
            if principal == "*" or "*" in listed((principal or {}).get("AWS")):
                yield f"{role.address}: anybody may take this role"


@policy
def named_principal(plan):
    for resource in plan.of(*RESOURCE_POLICIES):
        for statement in statements(resource["policy"]):
            principal = statement.get("Principal")
            anybody = principal == "*" or "*" in listed((principal or {}).get("AWS"))
            if anybody and not statement.get("Condition") and resource.kind != "aws_vpc_endpoint":
                yield f"{resource.address}: anybody may use it"
    for service in plan.of("aws_vpc_endpoint_service"):
        if "*" in (service["allowed_principals"] or []):
            yield f"{service.address}: every AWS account may connect"
    for allowed in plan.of("aws_vpc_endpoint_service_allowed_principal"):
        if allowed["principal_arn"] == "*":
            yield f"{allowed.address}: every AWS account may connect"


def may(plan, role_arn, action, arn):
    """Whether the role's own policies allow it, or are not known yet."""
    role = plan.by_arn.get(role_arn)
    for resource in plan.of("aws_iam_role_policy"):
        if not role or resource["role"] not in (role["name"], role["id"]):
            continue
        if not resource["policy"]:
            return True
        for statement in statements(resource["policy"]):
            if (any(fnmatch.fnmatch(action, a) for a in listed(statement.get("Action")))
                    and any(fnmatch.fnmatchcase(arn, r) for r in listed(statement.get("Resource")))):
                return True
    return False


@policy
def readable_secret(plan):
    """ECS starts no task whose execution role may not read its secrets and write its log."""
    for definition, containers in plan.tasks():
        role = definition["execution_role_arn"]
        for container in containers:
            at = f"{definition.address}: container {container['name']}"
            for secret in container.get("secrets") or []:
                # A secret's own ARN has seven parts; a JSON key may follow.
                arn = ":".join(secret["valueFrom"].split(":")[:7])
                if not may(plan, role, "secretsmanager:GetSecretValue", arn):
                    yield f"{at}: the execution role may not read {secret['name']}"
            name = ((container.get("logConfiguration") or {}).get("options") or {}).get("awslogs-group")
            for group in plan.of("aws_cloudwatch_log_group"):
                if group["name"] == name and group["arn"] and not may(
                        plan, role, "logs:PutLogEvents", group["arn"] + ":log-stream:x"):
                    yield f"{at}: the execution role may not write to {name}"


# Amazon VPC User Guide, "IAM role for publishing flow logs to CloudWatch Logs"; the group is made here.
FLOW_LOG = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams")


@policy
def written_flow_log(plan):
    for log in plan.of("aws_flow_log"):
        if log["log_destination"]:
            for action in FLOW_LOG:
                if not may(plan, log["iam_role_arn"], action, log["log_destination"] + ":log-stream:x"):
                    yield f"{log.address}: its role may not {action}"


@policy
def bounded_role(plan):
    """Where an account asks for a permissions boundary, no role without one can be made."""
    for role in plan.of("aws_iam_role"):
        if not role["permissions_boundary"]:
            yield f"{role.address}: it has no permissions boundary, though there is one"


@policy
def log_retention(plan):
    for group in plan.of("aws_cloudwatch_log_group"):
        if not group["retention_in_days"]:
            yield f"{group.address}: its lines are kept for ever"


# Type of resource → attribute that must be set, and what is wrong if it is not.
ENCRYPTED = {
    "aws_rds_cluster": ("storage_encrypted", "the database is not encrypted"),
    "aws_sns_topic": ("kms_master_key_id", "messages are not encrypted"),
    "aws_cloudwatch_log_group": ("kms_key_id", "the log has no key of ours"),
    "aws_secretsmanager_secret": ("kms_key_id", "the secret has no key of ours"),
    "aws_kms_key": ("enable_key_rotation", "the key is never rotated"),
    "aws_ebs_volume": ("encrypted", "the volume is not encrypted"),
}


@policy
def encryption(plan):
    for kind, (attribute, sentence) in ENCRYPTED.items():
        for resource in plan.of(kind):
            # The id of a key that is still to be made is not known, and then missing from the values.
            if attribute in resource.values and not resource[attribute]:
                yield f"{resource.address}: {sentence}"
    for instance in plan.of("aws_instance"):
        if not instance.block("root_block_device").get("encrypted"):
            yield f"{instance.address}: its disk is not encrypted"


@policy
def tls_database(plan):
    for group in plan.of("aws_rds_cluster_parameter_group"):
        forced = {p["name"]: p["value"] for p in group["parameter"] or []}.get("rds.force_ssl")
        if forced != "1":
            yield f"{group.address}: connections without TLS are taken"
    groups = {g["name"] for g in plan.of("aws_rds_cluster_parameter_group")}
    for cluster in plan.of("aws_rds_cluster"):
        if cluster["db_cluster_parameter_group_name"] not in groups:
            yield f"{cluster.address}: it does not use this configuration's parameters"


@policy
def kept_database(plan):
    for cluster in plan.of("aws_rds_cluster"):
        if not cluster["manage_master_user_password"]:
            yield f"{cluster.address}: its master password is in the state"
        if (cluster["backup_retention_period"] or 0) < 7:
            yield f"{cluster.address}: backups are kept for less than a week"


@policy
def instance_metadata(plan):
    for instance in plan.of("aws_instance"):
        if instance.block("metadata_options").get("http_tokens") != "required":
            yield f"{instance.address}: its credentials can be had without a session token (IMDSv1)"
        if instance["key_name"]:
            yield f"{instance.address}: it has an SSH key; Session Manager is the way in"


@policy
def immutable_image(plan):
    for repository in plan.of("aws_ecr_repository"):
        if repository["image_tag_mutability"] != "IMMUTABLE":
            yield f"{repository.address}: a tag can be moved to another image"
        if not repository.block("image_scanning_configuration").get("scan_on_push"):
            yield f"{repository.address}: images are not scanned when they are pushed"
