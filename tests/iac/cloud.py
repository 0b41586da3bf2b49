"""The configuration applied to the emulator, and the way through it that a request would take."""

import functools
import json

import terraform
from aws import account, aws, filters

PRIVATE_DNS_NAME = "orders.postern.example"
CONSUMER_ACCOUNT = "222222222222"
CONSUMER_PRINCIPAL = f"arn:aws:iam::{CONSUMER_ACCOUNT}:root"
# As in inputs/everything.tfvars.
DIGESTS = {"app": "sha256:" + "a" * 64, "web": "sha256:" + "b" * 64}
COLLECTOR = "10.20.3.0/24"
OTHER_DIGEST = "sha256:" + "c" * 64
REGION = "eu-west-2"


def consumers(endpoint):
    """The table of inputs/everything.tfvars, with an endpoint of acme's."""
    return json.dumps({
        "acme": {"account": CONSUMER_ACCOUNT, "endpoint_ids": [endpoint], "rate": 50},
        "globex": {"account": "444444444444", "endpoint_ids": ["vpce-0123456789abcdef0"], "denied": True},
        "other": {"endpoint_ids": ["*"], "rate": 20, "burst": 30}})


def zone(name):
    """A public zone of the person's own, which Terraform finds there; returns its id."""
    made = aws("route53", "create-hosted-zone", "--name", name, "--caller-reference", name)
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def everything(name):
    """A copy of the configuration with everything switched on."""
    certificate = aws("acm", "request-certificate", "--domain-name", PRIVATE_DNS_NAME)["CertificateArn"]
    return terraform.Copy(name, "everything.tfvars", variables={"private_dns_zone_id": zone("postern.example"),
                                                                "certificate_arn": certificate})


def applied(name):
    """The same, applied."""
    copy = everything(name)
    copy.apply()
    return copy


def consumer(name, service_name):
    """The consumer's root, applied in another account."""
    copy = terraform.Copy(name, "consumer.tfvars", "consumer-account", account(CONSUMER_ACCOUNT),
                          {"service_name": service_name})
    copy.apply()
    return copy


def attributes(command, option, arn):
    return {a["Key"]: a["Value"] for a in aws("elbv2", command, option, arn)["Attributes"]}


def capacity(service):
    """How the service gets its machines."""
    return {p["capacityProvider"] for p in service.get("capacityProviderStrategy") or []} or {service["launchType"]}


class Road:
    """Each thing is found through the one before it, from the consumer's endpoint to the container."""

    def __init__(self, service_name):
        self.service_name = service_name

    @functools.cached_property
    def endpoint(self):
        found = aws("ec2", "describe-vpc-endpoints", *filters(service_name=self.service_name))["VpcEndpoints"]
        [endpoint] = found
        return endpoint

    @functools.cached_property
    def service(self):
        found = aws("ec2", "describe-vpc-endpoint-service-configurations")["ServiceConfigurations"]
        [service] = [s for s in found if s["ServiceName"] == self.endpoint["ServiceName"]]
        return service

    @functools.cached_property
    def balancer(self):
        [balancer] = aws("elbv2", "describe-load-balancers", "--load-balancer-arns",
                         *self.service["NetworkLoadBalancerArns"])["LoadBalancers"]
        return balancer

    @property
    def balancer_subnets(self):
        return [zone["SubnetId"] for zone in self.balancer["AvailabilityZones"]]

    @property
    def service_vpc(self):
        return self.balancer["VpcId"]

    @functools.cached_property
    def listeners(self):
        return aws("elbv2", "describe-listeners", "--load-balancer-arn", self.balancer["LoadBalancerArn"])["Listeners"]

    @functools.cached_property
    def target(self):
        arns = {action["TargetGroupArn"] for listener in self.listeners for action in listener["DefaultActions"]}
        [target] = aws("elbv2", "describe-target-groups", "--target-group-arns", *arns)["TargetGroups"]
        return target

    @functools.cached_property
    def ecs_service(self):
        [cluster] = aws("ecs", "list-clusters")["clusterArns"]
        names = aws("ecs", "list-services", "--cluster", cluster)["serviceArns"]
        services = aws("ecs", "describe-services", "--cluster", cluster, "--services", *names)["services"]
        [service] = [s for s in services
                     if self.target["TargetGroupArn"] in [b["targetGroupArn"] for b in s["loadBalancers"]]]
        return service

    @functools.cached_property
    def task_definition(self):
        return aws("ecs", "describe-task-definition", "--task-definition",
                   self.ecs_service["taskDefinition"])["taskDefinition"]

    @property
    def containers(self):
        return {container["name"]: container for container in self.task_definition["containerDefinitions"]}

    @functools.cached_property
    def zone(self):
        zones = aws("route53", "list-hosted-zones-by-vpc", "--vpc-id", self.service_vpc, "--vpc-region", REGION)
        [name] = [z["HostedZoneId"] for z in zones["HostedZoneSummaries"]]
        return aws("route53", "get-hosted-zone", "--id", name)

    @functools.cached_property
    def records(self):
        return aws("route53", "list-resource-record-sets", "--hosted-zone-id",
                   self.zone["HostedZone"]["Id"])["ResourceRecordSets"]

    @property
    def record(self):
        """The one that leads clients of the service VPC to the load balancer."""
        [record] = [r for r in self.records if r["Type"] == "A"]
        return record

    @functools.cached_property
    def subnets(self):
        return {s["SubnetId"]: s for s in aws("ec2", "describe-subnets")["Subnets"]}

    def zones_of(self, subnets):
        """Ids of zones, which mean the same to every account."""
        return {self.subnets[s]["AvailabilityZoneId"] for s in subnets}

    def blocks_of(self, subnets):
        return [self.subnets[s]["CidrBlock"] for s in subnets]

    @functools.cached_property
    def vpcs(self):
        return {v["VpcId"]: v for v in aws("ec2", "describe-vpcs")["Vpcs"]}

    def block_of(self, vpc):
        return self.vpcs[vpc]["CidrBlock"]

    @functools.cached_property
    def rules(self):
        return aws("ec2", "describe-security-group-rules")["SecurityGroupRules"]

    def ingress(self, group):
        return [r for r in self.rules if r["GroupId"] == group and not r["IsEgress"]]

    def egress(self, group):
        return [r for r in self.rules if r["GroupId"] == group and r["IsEgress"]]


# Lists that must be empty when everything is destroyed: command → the member that holds them.
LISTS = {
    ("ec2", "describe-vpc-endpoints", *filters(vpc_endpoint_state="available,pendingAcceptance")): "VpcEndpoints",
    ("ec2", "describe-vpc-endpoint-service-configurations"): "ServiceConfigurations",
    ("ec2", "describe-vpc-endpoint-connection-notifications"): "ConnectionNotificationSet",
    ("ec2", "describe-vpcs", *filters(is_default="false")): "Vpcs",
    ("ec2", "describe-flow-logs"): "FlowLogs",
    ("ec2", "describe-instances", *filters(instance_state_name="pending,running,stopped")): "Reservations",
    ("elbv2", "describe-load-balancers"): "LoadBalancers",
    ("elbv2", "describe-target-groups"): "TargetGroups",
    ("ecs", "list-clusters"): "clusterArns",
    ("ecs", "list-task-definitions", "--status", "ACTIVE"): "taskDefinitionArns",
    ("ecs", "list-task-definitions", "--status", "INACTIVE"): "taskDefinitionArns",
    ("ecr", "describe-repositories"): "repositories",
    ("rds", "describe-db-clusters"): "DBClusters",
    ("rds", "describe-db-instances"): "DBInstances",
    ("rds", "describe-db-cluster-snapshots", "--snapshot-type", "manual"): "DBClusterSnapshots",
    ("secretsmanager", "list-secrets"): "SecretList",
    ("logs", "describe-log-groups"): "logGroups",
    ("sns", "list-topics"): "Topics",
    ("cloudwatch", "describe-alarms"): "MetricAlarms",
    ("cloudwatch", "list-dashboards"): "DashboardEntries",
    ("iam", "list-roles"): "Roles",
    ("application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs"): "ScalableTargets",
    ("route53", "list-hosted-zones-by-name"): "HostedZones",
}


def left_over():
    """What is still there, but for the person's own zones: command → what it lists."""
    return {" ".join(command): [item for item in (aws(*command) or {}).get(member, [])
                                if ".example." not in str(item)] for command, member in LISTS.items()}
