"""Every call that takes something away, of those that Terraform and the commands send; check_requests.py holds the
rows against what was recorded. Of each: how to bring about what it takes away, and what is said where it is not there.
"""

import functools
import itertools
import json
import re
from typing import Callable, NamedTuple, Optional

import boto3
import botocore.config
import botocore.exceptions
import botocore.parsers

VERBS = re.compile(r"Cancel|Delete|Deregister|Detach|Disassociate|Reject|Remove|Revoke|Schedule|Terminate|Unsubscribe")
# Of these only some requests take away.
MIXED = {"ec2:ModifyVpcEndpointServicePermissions", "route53:ChangeResourceRecordSets"}
NUMBERS = itertools.count(1)
WAIT_S = 240


@functools.cache
def client(service):
    # A busy machine answers late; a second attempt would hide what the first one did.
    return boto3.client(service, config=botocore.config.Config(read_timeout=WAIT_S, connect_timeout=WAIT_S,
                                                               retries={"total_max_attempts": 1}))


def ask(name, **members):
    """What "service:Operation" answers."""
    service, operation = name.split(":")
    return client(service)._make_api_call(operation, members)  # pylint: disable=protected-access


def refusal(name, members):
    """The code of the error that is answered, or None."""
    try:
        ask(name, **members)
        return None
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    except botocore.parsers.ResponseParserError as error:
        return f"not an answer of AWS: {error}"


def elsewhere(given):
    """The same members, with names and ids of what is not there."""
    if isinstance(given, dict):
        return {name: elsewhere(value) for name, value in given.items()}
    if isinstance(given, list):
        return [elsewhere(value) for value in given]
    return re.sub(r"here|[0-9a-f]{4}$|(?<=^Z)[0-9A-Z]{4}", lambda found: "gone" if found[0] == "here" else "0000",
                  given, count=1) if isinstance(given, str) else given


# ---- Things, each made anew: a name, an id, or the members that name it


def name():
    return f"here-{next(NUMBERS)}"


def named(operation, member="Name", **members):
    """Makes something by that name, and returns the name."""
    given = name()
    ask(operation, **{member: given}, **members)
    return given


def document(action, **more):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **more}]})


def role():
    return named("iam:CreateRole", "RoleName", AssumeRolePolicyDocument=document(
        "sts:AssumeRole", Principal={"Service": "ec2.amazonaws.com"}))


def profile():
    return named("iam:CreateInstanceProfile", "InstanceProfileName")


def role_in_profile():
    members = {"RoleName": role(), "InstanceProfileName": profile()}
    ask("iam:AddRoleToInstanceProfile", **members)
    return members


def attached_policy():
    members = {"RoleName": role(), "PolicyArn": "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}
    ask("iam:AttachRolePolicy", **members)
    return members


def inline_policy():
    members = {"RoleName": role(), "PolicyName": "policy"}
    ask("iam:PutRolePolicy", **members, PolicyDocument=document("s3:GetObject", Resource="*"))
    return members


def vpc():
    return ask("ec2:CreateVpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


def subnet(of=None, zone="a"):
    return ask("ec2:CreateSubnet", VpcId=of or vpc(), AvailabilityZone="eu-west-2" + zone,
               CidrBlock=f"10.9.{ord(zone)}.0/24")["Subnet"]["SubnetId"]


def subnets():
    of = vpc()
    return [subnet(of, zone) for zone in "ab"]


def route_table(of=None):
    return ask("ec2:CreateRouteTable", VpcId=of or vpc())["RouteTable"]["RouteTableId"]


def association():
    of = vpc()
    return ask("ec2:AssociateRouteTable", RouteTableId=route_table(of), SubnetId=subnet(of))["AssociationId"]


def security_group():
    return ask("ec2:CreateSecurityGroup", GroupName=name(), Description="group", VpcId=vpc())["GroupId"]


def rule(direction, by_id=False):
    members = {"GroupId": security_group(), "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]}
    [made] = ask("ec2:AuthorizeSecurityGroup" + direction, **members)["SecurityGroupRules"]
    by = {"GroupId": members["GroupId"], "SecurityGroupRuleIds": [made["SecurityGroupRuleId"]]}
    return by if by_id else members


def flow_log():
    writer = ask("iam:GetRole", RoleName=role())["Role"]["Arn"]
    return ask("ec2:CreateFlowLogs", ResourceIds=[vpc()], ResourceType="VPC", TrafficType="ALL",
               LogGroupName=log_group(), DeliverLogsPermissionArn=writer)["FlowLogIds"][0]


def instance():
    image = ask("ec2:DescribeImages")["Images"][0]["ImageId"]
    return ask("ec2:RunInstances", ImageId=image, MinCount=1, MaxCount=1,
               SubnetId=subnet())["Instances"][0]["InstanceId"]


def balancer():
    return ask("elbv2:CreateLoadBalancer", Name=name(), Type="network", Scheme="internal",
               Subnets=subnets())["LoadBalancers"][0]["LoadBalancerArn"]


def target_group():
    return ask("elbv2:CreateTargetGroup", Name=name(), Protocol="TCP", Port=80, VpcId=vpc(),
               TargetType="ip")["TargetGroups"][0]["TargetGroupArn"]


def listener():
    forward = {"Type": "forward", "TargetGroupArn": target_group()}
    return ask("elbv2:CreateListener", LoadBalancerArn=balancer(), Protocol="TCP", Port=80,
               DefaultActions=[forward])["Listeners"][0]["ListenerArn"]


def endpoint_service():
    return ask("ec2:CreateVpcEndpointServiceConfiguration", NetworkLoadBalancerArns=[balancer()],
               AcceptanceRequired=True)["ServiceConfiguration"]


def endpoint():
    service = endpoint_service()
    made = ask("ec2:CreateVpcEndpoint", VpcId=vpc(), ServiceName=service["ServiceName"], VpcEndpointType="Interface")
    return {"ServiceId": service["ServiceId"], "VpcEndpointIds": [made["VpcEndpoint"]["VpcEndpointId"]]}


def notification():
    made = ask("ec2:CreateVpcEndpointConnectionNotification", ServiceId=endpoint_service()["ServiceId"],
               ConnectionNotificationArn=topic(), ConnectionEvents=["Accept"])
    return made["ConnectionNotification"]["ConnectionNotificationId"]


def principal():
    members = {"ServiceId": endpoint_service()["ServiceId"]}
    ask("ec2:ModifyVpcEndpointServicePermissions", **members, AddAllowedPrincipals=["*"])
    return {**members, "RemoveAllowedPrincipals": ["*"]}


def cluster():
    return named("ecs:CreateCluster", "clusterName")


def task_definition():
    return ask("ecs:RegisterTaskDefinition", family=name(), containerDefinitions=[
        {"name": "app", "image": "app", "memory": 64}])["taskDefinition"]["taskDefinitionArn"]


def inactive_task_definition():
    made = task_definition()
    ask("ecs:DeregisterTaskDefinition", taskDefinition=made)
    return made


def service():
    of = cluster()
    return {"cluster": of, "service": named("ecs:CreateService", "serviceName", cluster=of,
                                            taskDefinition=task_definition(), desiredCount=0), "force": True}


def scalable_target():
    of = service()
    members = {"ServiceNamespace": "ecs", "ResourceId": f"service/{of['cluster']}/{of['service']}",
               "ScalableDimension": "ecs:service:DesiredCount"}
    ask("application-autoscaling:RegisterScalableTarget", **members, MinCapacity=1, MaxCapacity=2)
    return members


def scaling_policy():
    members = {**scalable_target(), "PolicyName": name()}
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    ask("application-autoscaling:PutScalingPolicy", **members, PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 50.0, "PredefinedMetricSpecification": metric})
    return members


def alarm():
    return named("cloudwatch:PutMetricAlarm", "AlarmName", Namespace="n", MetricName="m", Statistic="Sum", Period=60,
                 EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold")


def repository():
    return named("ecr:CreateRepository", "repositoryName")


def lifecycle_policy():
    of = repository()
    expire = {"rulePriority": 1, "action": {"type": "expire"},
              "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1}}
    ask("ecr:PutLifecyclePolicy", repositoryName=of, lifecyclePolicyText=json.dumps({"rules": [expire]}))
    return of


def event_rule():
    return named("events:PutRule", EventPattern='{"source": ["aws.ecs"]}')


def event_target():
    of = event_rule()
    ask("events:PutTargets", Rule=of, Targets=[{"Id": "topic", "Arn": topic()}])
    return {"Rule": of, "Ids": ["topic"]}


def key():
    return ask("kms:CreateKey")["KeyMetadata"]["KeyId"]


def key_that_goes():
    of = key()
    ask("kms:ScheduleKeyDeletion", KeyId=of, PendingWindowInDays=7)
    return of


def alias():
    given = "alias/" + name()
    ask("kms:CreateAlias", AliasName=given, TargetKeyId=key())
    return given


def log_group():
    return named("logs:CreateLogGroup", "logGroupName")


def metric_filter():
    members = {"logGroupName": log_group(), "filterName": "filter"}
    ask("logs:PutMetricFilter", **members, filterPattern="", metricTransformations=[
        {"metricNamespace": "n", "metricName": "m", "metricValue": "1"}])
    return members


def database():
    return named("rds:CreateDBCluster", "DBClusterIdentifier", Engine="aurora-postgresql", MasterUsername="postern",
                 MasterUserPassword="ThePassword")


def hosted_zone():
    domain = name() + ".example"
    return ask("route53:CreateHostedZone", Name=domain, CallerReference=domain)["HostedZone"]["Id"].split("/")[-1]


def record():
    of = hosted_zone()
    owned = {"Name": "r." + ask("route53:GetHostedZone", Id=of)["HostedZone"]["Name"], "Type": "TXT", "TTL": 60,
             "ResourceRecords": [{"Value": '"v"'}]}

    def change(action):
        return {"HostedZoneId": of, "ChangeBatch": {"Changes": [{"Action": action, "ResourceRecordSet": owned}]}}

    ask("route53:ChangeResourceRecordSets", **change("CREATE"))
    return change("DELETE")


def topic():
    return ask("sns:CreateTopic", Name=name())["TopicArn"]


def subscription():
    return ask("sns:Subscribe", TopicArn=topic(), Protocol="email", Endpoint="a@example.com")["SubscriptionArn"]


# ---- The table


class Row(NamedTuple):
    call: str
    thing: Callable  # brings about what is taken away
    member: Optional[str]  # which names it: one thing, or a list of one; None if the thing is all the members
    again: Optional[str]  # the error's code the second time; None if all is well
    absent: Optional[str]  # the same, for something that never was
    more: dict = {}

    def members(self):
        made = self.thing()
        if self.member is None:
            return {**made, **self.more}
        return {self.member.removesuffix("[]"): [made] if self.member.endswith("[]") else made, **self.more}


def row(call, thing, member, again, absent=..., **more):
    return Row(call, thing, member, again, again if absent is ... else absent, more)


NO_GROUP, NO_RULE = "InvalidGroup.NotFound", "InvalidPermission.NotFound"
NO_KEY = "NotFoundException"
ROWS = [
    row("application-autoscaling:DeleteScalingPolicy", scaling_policy, None, "ObjectNotFoundException"),
    row("application-autoscaling:DeregisterScalableTarget", scalable_target, None, "ObjectNotFoundException"),
    row("cloudwatch:DeleteAlarms", alarm, "AlarmNames[]", None),
    row("cloudwatch:DeleteDashboards", lambda: named("cloudwatch:PutDashboard", "DashboardName",
                                                     DashboardBody='{"widgets": []}'),
        "DashboardNames[]", "ResourceNotFound"),
    row("ec2:DeleteFlowLogs", flow_log, "FlowLogIds[]", "InvalidFlowLogId.NotFound"),
    row("ec2:DeleteRouteTable", route_table, "RouteTableId", "InvalidRouteTableID.NotFound"),
    row("ec2:DeleteSecurityGroup", security_group, "GroupId", NO_GROUP),
    row("ec2:DeleteSubnet", subnet, "SubnetId", "InvalidSubnetID.NotFound"),
    row("ec2:DeleteVpc", vpc, "VpcId", "InvalidVpcID.NotFound"),
    # These list in their answer what they could not do.
    row("ec2:DeleteVpcEndpointConnectionNotifications", notification, "ConnectionNotificationIds[]", None),
    row("ec2:DeleteVpcEndpointServiceConfigurations", lambda: endpoint_service()["ServiceId"], "ServiceIds[]", None),
    row("ec2:DeleteVpcEndpoints", lambda: endpoint()["VpcEndpointIds"], "VpcEndpointIds", None),
    row("ec2:RejectVpcEndpointConnections", endpoint, None, None),
    row("ec2:DisassociateRouteTable", association, "AssociationId", "InvalidAssociationID.NotFound"),
    row("ec2:ModifyVpcEndpointServicePermissions", principal, None, None, "InvalidVpcEndpointServiceId.NotFound"),
    row("ec2:RevokeSecurityGroupEgress", lambda: rule("Egress"), None, NO_RULE, NO_GROUP),
    row("ec2:RevokeSecurityGroupEgress", lambda: rule("Egress", by_id=True), None, NO_RULE, NO_GROUP),
    row("ec2:RevokeSecurityGroupIngress", lambda: rule("Ingress"), None, NO_RULE, NO_GROUP),
    row("ec2:RevokeSecurityGroupIngress", lambda: rule("Ingress", by_id=True), None, NO_RULE, NO_GROUP),
    row("ec2:TerminateInstances", instance, "InstanceIds[]", None, "InvalidInstanceID.NotFound"),
    row("ecr:DeleteLifecyclePolicy", lifecycle_policy, "repositoryName", "LifecyclePolicyNotFoundException",
        "RepositoryNotFoundException"),
    row("ecr:DeleteRepository", repository, "repositoryName", "RepositoryNotFoundException"),
    row("ecs:DeleteCluster", cluster, "cluster", None, "ClusterNotFoundException"),
    row("ecs:DeleteService", service, None, None, "ClusterNotFoundException"),
    row("ecs:DeregisterTaskDefinition", task_definition, "taskDefinition", None, "ClientException"),
    row("ecs:DeleteTaskDefinitions", inactive_task_definition, "taskDefinitions[]", None),
    row("elbv2:DeleteListener", listener, "ListenerArn", "ListenerNotFound"),
    row("elbv2:DeleteLoadBalancer", balancer, "LoadBalancerArn", None),
    row("elbv2:DeleteTargetGroup", target_group, "TargetGroupArn", "TargetGroupNotFound"),
    row("events:DeleteRule", event_rule, "Name", None),
    row("events:RemoveTargets", event_target, None, None, "ResourceNotFoundException"),
    row("iam:DeleteInstanceProfile", profile, "InstanceProfileName", "NoSuchEntity"),
    row("iam:DeleteRole", role, "RoleName", "NoSuchEntity"),
    row("iam:DeleteRolePolicy", inline_policy, None, "NoSuchEntity"),
    row("iam:DetachRolePolicy", attached_policy, None, "NoSuchEntity"),
    row("iam:RemoveRoleFromInstanceProfile", role_in_profile, None, "NoSuchEntity"),
    row("kms:CancelKeyDeletion", key_that_goes, "KeyId", None, NO_KEY),
    row("kms:DeleteAlias", alias, "AliasName", NO_KEY),
    row("kms:ScheduleKeyDeletion", key, "KeyId", None, NO_KEY, PendingWindowInDays=7),
    row("logs:DeleteLogGroup", log_group, "logGroupName", "ResourceNotFoundException"),
    row("logs:DeleteMetricFilter", metric_filter, None, None),
    row("rds:DeleteDBCluster", database, "DBClusterIdentifier", "DBClusterNotFoundFault", SkipFinalSnapshot=True),
    row("rds:DeleteDBClusterParameterGroup", lambda: named(
        "rds:CreateDBClusterParameterGroup", "DBClusterParameterGroupName", Description="group",
        DBParameterGroupFamily="aurora-postgresql16"), "DBClusterParameterGroupName", "DBParameterGroupNotFound"),
    row("rds:DeleteDBClusterSnapshot", lambda: named(
        "rds:CreateDBClusterSnapshot", "DBClusterSnapshotIdentifier", DBClusterIdentifier=database()),
        "DBClusterSnapshotIdentifier", "DBClusterSnapshotNotFoundFault"),
    row("rds:DeleteDBInstance", lambda: named(
        "rds:CreateDBInstance", "DBInstanceIdentifier", DBClusterIdentifier=database(), Engine="aurora-postgresql",
        DBInstanceClass="db.serverless"), "DBInstanceIdentifier", "DBInstanceNotFound", SkipFinalSnapshot=True),
    row("rds:DeleteDBSubnetGroup", lambda: named(
        "rds:CreateDBSubnetGroup", "DBSubnetGroupName", DBSubnetGroupDescription="group", SubnetIds=subnets()),
        "DBSubnetGroupName", "DBSubnetGroupNotFoundFault"),
    row("route53:ChangeResourceRecordSets", record, None, None, "NoSuchHostedZone"),
    row("route53:DeleteHostedZone", hosted_zone, "Id", "NoSuchHostedZone"),
    # One that is to be deleted already.
    row("secretsmanager:DeleteSecret", lambda: named("secretsmanager:CreateSecret"), "SecretId",
        "InvalidRequestException", "ResourceNotFoundException", RecoveryWindowInDays=7),
    row("sns:DeleteTopic", topic, "TopicArn", None),
    row("sns:Unsubscribe", subscription, "SubscriptionArn", None),
]


def takes_away(call):
    """By the operation's name; those of MIXED do at times."""
    return bool(VERBS.match(call.split(":")[1])) or call in MIXED
