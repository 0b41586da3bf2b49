"""The road from a consumer to the tasks, in a region of its own: one that works, made with few words."""

import json
import os
import subprocess
import uuid

import boto3

from aws import sender

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCTOR = os.path.join(TOP, "iac", "bin", "doctor")
CONSUMER_ACCOUNT = "210987654321"
PORT, TARGET_PORT = 80, 8080
SERVICE_RANGE, CONSUMER_RANGE = "10.0.0.0/16", "10.1.0.0/16"
TIMEOUT_S = 240


class Account:
    """Clients of one account in one region, and its credentials as an environment."""

    def __init__(self, region, credentials=None):
        given = {} if credentials is None else {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }
        # boto3 names its parameters so, and the CLI its variables.
        self.environment = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region,
                            **{name.upper(): value for name, value in given.items()}}
        session = boto3.Session(region_name=region, **given)
        self.ec2, self.elb, self.ecs, self.dns, self.sts = (
            session.client(name) for name in ("ec2", "elbv2", "ecs", "route53", "sts"))

    def role(self, number, region, policy=None):
        """Somebody who took a role in the account `number`, with a policy that denies, if one is given."""
        extra = {"Policy": json.dumps(policy)} if policy else {}
        taken = self.sts.assume_role(RoleArn=f"arn:aws:iam::{number}:role/doctor", RoleSessionName="doctor", **extra)
        return Account(region, taken["Credentials"])


def vpc_in(account, block):
    """A VPC that resolves names, and a subnet in each of three zones."""
    vpc = account.ec2.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    account.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    zones = [zone["ZoneName"] for zone in account.ec2.describe_availability_zones()["AvailabilityZones"]][:3]
    prefix = block.rsplit(".", 2)[0]
    return vpc, [account.ec2.create_subnet(VpcId=vpc, CidrBlock=f"{prefix}.{number}.0/24", AvailabilityZone=zone)
                 ["Subnet"]["SubnetId"] for number, zone in enumerate(zones)]


def tcp(port, **source):
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}


def from_range(port, block):
    return tcp(port, IpRanges=[{"CidrIp": block}])


def from_group(port, group):
    return tcp(port, UserIdGroupPairs=[{"GroupId": group}])


class Road:
    """Everything is of the service's account but `consumer`, who has a VPC of its own in another."""

    def __init__(self, region):
        self.region = region
        self.account = Account(region)
        self.number = self.account.sts.get_caller_identity()["Account"]
        self.name = f"api.{region}.example.com"
        self.make_balancer()
        self.make_tasks()
        self.make_service()
        self.consumer_vpc, self.consumer_subnets = vpc_in(self.account, CONSUMER_RANGE)
        self.endpoint_group = self.group(self.consumer_vpc, "endpoint", from_range(PORT, CONSUMER_RANGE))
        self.endpoint = self.connect()

    def group(self, vpc, name, *ingress, account=None):
        ec2 = (account or self.account).ec2
        identifier = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        if ingress:
            ec2.authorize_security_group_ingress(GroupId=identifier, IpPermissions=list(ingress))
        return identifier

    def make_balancer(self):
        self.vpc, self.subnets = vpc_in(self.account, SERVICE_RANGE)
        self.balancer_group = self.group(self.vpc, "balancer", from_range(PORT, "10.0.0.0/8"))
        self.task_group = self.group(self.vpc, "task", from_group(TARGET_PORT, self.balancer_group))
        self.egress = [from_group(TARGET_PORT, self.task_group)]
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.account.ec2.revoke_security_group_egress(GroupId=self.balancer_group, IpPermissions=everything)
        self.account.ec2.authorize_security_group_egress(GroupId=self.balancer_group, IpPermissions=self.egress)
        elb = self.account.elb
        self.balancer = elb.create_load_balancer(
            Name="postern", Type="network", Scheme="internal", Subnets=self.subnets,
            SecurityGroups=[self.balancer_group])["LoadBalancers"][0]["LoadBalancerArn"]
        self.targets = elb.create_target_group(
            Name="postern", Protocol="TCP", Port=TARGET_PORT, VpcId=self.vpc, TargetType="ip")[
                "TargetGroups"][0]["TargetGroupArn"]
        self.send_proxy("true")
        self.register(3)
        self.listen()

    def send_proxy(self, value):
        self.account.elb.modify_target_group_attributes(
            TargetGroupArn=self.targets, Attributes=[{"Key": "proxy_protocol_v2.enabled", "Value": value}])

    def register(self, count):
        self.registered = [{"Id": f"10.0.{number % 3}.{10 + number}", "Port": TARGET_PORT} for number in range(count)]
        self.account.elb.register_targets(TargetGroupArn=self.targets, Targets=self.registered)

    def deregister(self):
        self.account.elb.deregister_targets(TargetGroupArn=self.targets, Targets=self.registered)

    def listen(self, port=PORT):
        self.listener = self.account.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="TCP", Port=port,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.targets}])["Listeners"][0]["ListenerArn"]

    def define(self, **environment):
        """A task definition whose container web has these settings."""
        settings = [{"name": name, "value": value} for name, value in environment.items()]
        return self.account.ecs.register_task_definition(
            family="postern", networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[
                {"name": "web", "image": "web", "environment": settings, "portMappings": [{"containerPort": 8080}]},
                {"name": "app", "image": "app"},
            ])["taskDefinition"]["taskDefinitionArn"]

    def make_tasks(self):
        self.cluster, self.service_name = "postern", "postern"
        self.account.ecs.create_cluster(clusterName=self.cluster)
        self.definition = self.define(PROXY_PROTOCOL="v2", PROXY_TRUSTED=SERVICE_RANGE)
        self.ecs_service = self.account.ecs.create_service(
            cluster=self.cluster, serviceName=self.service_name, taskDefinition=self.definition, desiredCount=3,
            launchType="FARGATE",
            loadBalancers=[{"targetGroupArn": self.targets, "containerName": "web", "containerPort": 8080}],
            networkConfiguration={
                "awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [self.task_group]}},
        )["service"]["serviceArn"]

    def deploy(self, definition):
        self.account.ecs.update_service(cluster=self.cluster, service=self.service_name, taskDefinition=definition)

    def make_service(self):
        self.service = self.account.ec2.create_vpc_endpoint_service_configuration(
            NetworkLoadBalancerArns=[self.balancer], AcceptanceRequired=False, PrivateDnsName=self.name)[
                "ServiceConfiguration"]["ServiceId"]
        self.account.ec2.modify_vpc_endpoint_service_permissions(
            ServiceId=self.service, AddAllowedPrincipals=[f"arn:aws:iam::{self.number}:root"])
        self.make_zone()
        self.publish()
        self.verify()

    def make_zone(self):
        self.zone = self.account.dns.create_hosted_zone(
            Name=self.name, CallerReference=str(uuid.uuid4()))["HostedZone"]["Id"]

    def record(self):
        """The TXT record that verifies the private DNS name: its name and its value."""
        wanted = self.configuration()["PrivateDnsNameConfiguration"]
        return f"{wanted['Name']}.{self.name}", wanted["Value"]

    def configuration(self):
        return self.account.ec2.describe_vpc_endpoint_service_configurations(ServiceIds=[self.service])[
            "ServiceConfigurations"][0]

    def publish(self, value=None, action="UPSERT"):
        name, right = self.record()
        self.account.dns.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch={"Changes": [
            {"Action": action, "ResourceRecordSet": {
                "Name": name, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": f'"{value or right}"'}]}}]})

    def verify(self):
        self.account.ec2.start_vpc_endpoint_service_private_dns_verification(ServiceId=self.service)

    def connect(self, **changes):
        """An endpoint in the consumer's VPC of the service's own account."""
        wanted = {"VpcId": self.consumer_vpc, "SubnetIds": self.consumer_subnets,
                  "SecurityGroupIds": [self.endpoint_group], "PrivateDnsEnabled": True, **changes}
        return self.account.ec2.create_vpc_endpoint(
            VpcEndpointType="Interface", ServiceName=self.endpoint_service_name(), **wanted)[
                "VpcEndpoint"]["VpcEndpointId"]

    def endpoint_service_name(self):
        return f"com.amazonaws.vpce.{self.region}.{self.service}"

    def change_endpoint(self, **changes):
        self.account.ec2.modify_vpc_endpoint(VpcEndpointId=self.endpoint, **changes)

    def tag(self, resource, name, value):
        self.account.ec2.create_tags(Resources=[resource], Tags=[{"Key": "emulator:" + name, "Value": value}])

    def untag(self, resource, name):
        self.account.ec2.delete_tags(Resources=[resource], Tags=[{"Key": "emulator:" + name}])

    def tag_balancer(self, arn, name, value):
        self.account.elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "emulator:" + name, "Value": value}])

    def untag_balancer(self, arn, name):
        self.account.elb.remove_tags(ResourceArns=[arn], TagKeys=["emulator:" + name])

    def set_enforcement(self, value):
        self.account.elb.set_security_groups(
            LoadBalancerArn=self.balancer, SecurityGroups=[self.balancer_group],
            EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic=value)

    # ---- The doctor

    def options(self):
        """Everything named, so that it needs to look for little."""
        return ["--service-id", self.service, "--endpoint-id", self.endpoint,
                "--cluster", self.cluster, "--ecs-service", self.service_name]

    def doctor(self, *options, account=None):
        environment = dict(os.environ, **(account or self.account).environment)
        done = subprocess.run([DOCTOR, *(options or self.options())], env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_S, check=False)
        return Report(done)

    def run(self, command):
        """A command as the doctor printed it."""
        environment = dict(os.environ, **self.account.environment, **sender("mend"))
        subprocess.run(["bash", "-c", command], env=environment, stdin=subprocess.DEVNULL, check=True,
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT_S)


class Report:
    """What the doctor said: its findings, and the names of checks by the word before them."""

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stdout + done.stderr
        rows = [line.split(None, 2) for line in done.stdout.splitlines() if line[:6].strip() in ("FAIL", "ok", "skip")]
        self.findings = [(name.rstrip(":"), said) for level, name, said in rows if level == "FAIL"]
        self.names = {level: [name.rstrip(":") for found, name, _ in rows if found == level]
                      for level in ("FAIL", "ok", "skip")}
