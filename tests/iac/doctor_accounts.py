"""iac/bin/doctor from the service's account, from the consumer's, and with less than all permissions."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from doctor_row import COMMAND, Step, expect
from doctor_states import ENDPOINT_RULE, revoke
from road import CONSUMER_ACCOUNT, CONSUMER_RANGE, DOCTOR, PORT, Account, Report, from_range, vpc_in


def foreigner(road):
    """An endpoint of another account."""
    road.consumer = road.account.role(CONSUMER_ACCOUNT, road.region)
    principal = {"ServiceId": road.service, "AddAllowedPrincipals": [f"arn:aws:iam::{CONSUMER_ACCOUNT}:root"]}
    road.account.ec2.modify_vpc_endpoint_service_permissions(**principal)
    vpc, subnets = vpc_in(road.consumer, CONSUMER_RANGE)
    group = road.group(vpc, "endpoint", from_range(PORT, CONSUMER_RANGE), account=road.consumer)
    road.foreign = road.consumer.ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", ServiceName=road.endpoint_service_name(), VpcId=vpc, SubnetIds=subnets,
        SecurityGroupIds=[group], PrivateDnsEnabled=True)["VpcEndpoint"]["VpcEndpointId"]


SERVICE_SIDE = ["service", "balancer", "listener", "enforcement", "targets", "balancer-egress", "task-group", "tasks",
                "proxy", "proxy-trusted"]
CONSUMER_SIDE = ["zones", "endpoint-group", "dns-enabled"]


def from_service_account(road):
    expect(road.doctor("--endpoint-id", road.foreign), 0, [], CONSUMER_SIDE + ["enforcement"])


def from_service_account_with_range(road):
    report = road.doctor("--service-name", road.endpoint_service_name(), "--endpoint-id", road.foreign,
                         "--consumer-cidr", "192.168.0.0/24")
    expect(report, 1, ["enforcement"], CONSUMER_SIDE)


def from_consumer_account(road):
    report = road.doctor("--endpoint-id", road.foreign, account=road.consumer)
    expect(report, 0, [], SERVICE_SIDE)
    for name in ("zones", "endpoint-group", "dns-enabled", "acceptance", "principal"):
        if name not in report.names["ok"]:
            raise AssertionError(f"{name} is not among what is well:\n{report.text}")


def without_permission(road):
    road.account.ec2.modify_vpc_endpoint_service_permissions(
        ServiceId=road.service, RemoveAllowedPrincipals=[f"arn:aws:iam::{CONSUMER_ACCOUNT}:root"])
    report = road.doctor("--endpoint-id", road.foreign, account=road.consumer)
    expect(report, 1, ["principal"], ["zones", "dns-verified", "dns-matched", "dns-enabled"] + SERVICE_SIDE)
    if "does not see" not in report.findings[0][1]:
        raise AssertionError(report.text)
    report = road.doctor("--service-id", road.service, "--endpoint-id", road.foreign)
    expect(report, 1, ["principal"], CONSUMER_SIDE + ["enforcement"])
    road.run(COMMAND.search(report.findings[0][1].split(" mend: ")[1]).group())
    from_consumer_account(road)


def from_another_region(road):
    """A consumer of the service's account in another region: refused, offered, and in a zone without such access."""
    there = Account("us-east-1")
    service = {"ServiceId": road.service}
    road.account.ec2.modify_vpc_endpoint_service_configuration(**service, AddSupportedRegions=["us-east-1"])
    vpc, subnets = vpc_in(there, "10.2.0.0/16")
    group = road.group(vpc, "remote", from_range(PORT, "10.2.0.0/16"), account=there)
    endpoint = there.ec2.create_vpc_endpoint(
        VpcEndpointType="Interface", ServiceName=road.endpoint_service_name(), ServiceRegion=road.region, VpcId=vpc,
        SubnetIds=subnets, SecurityGroupIds=[group], PrivateDnsEnabled=True)["VpcEndpoint"]["VpcEndpointId"]
    options = ["--service-id", road.service, "--endpoint-id", endpoint, "--consumer-region", "us-east-1",
               "--cluster", road.cluster, "--ecs-service", road.service_name]

    def mended(names, says, mend=True):
        report = road.doctor(*options)
        expect(report, 1 if names else 0, names, [])
        if not any(re.search(says, said) for _, said in report.findings) and names:
            raise AssertionError(f"{says} is not told:\n{report.text}")
        if names and mend:
            road.run(COMMAND.search(report.findings[0][1].split(" mend: ")[1]).group())
    expect(road.doctor("--region", road.region, *options), 0, [], [])
    # Found by the endpoint alone, whose name tells the service's region.
    expect(road.doctor("--endpoint-id", endpoint, account=there), 0, [], [])
    road.account.ec2.modify_vpc_endpoint_service_configuration(**service, RemoveSupportedRegions=["us-east-1"])
    mended(["region"], "takes no consumers from us-east-1")
    there.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[from_range(PORT, "10.2.0.0/16")])
    mended(["endpoint-group"], "aws --region us-east-1 ec2 authorize")
    [zone] = [z["ZoneName"] for z in there.ec2.describe_availability_zones()["AvailabilityZones"]
              if z["ZoneId"] == "use1-az3"]
    subnet = there.ec2.create_subnet(VpcId=vpc, CidrBlock="10.2.9.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    there.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSubnetIds=[subnet])
    mended(["zones"], "use1-az3, where AWS has no cross-region access")
    mended([], "")
    there.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])


def nobody_connects(road):
    """Before there is an endpoint."""
    road.account.ec2.delete_vpc_endpoints(VpcEndpointIds=[road.endpoint])
    road.consumer.ec2.delete_vpc_endpoints(VpcEndpointIds=[road.foreign])
    options = ["--service-id", road.service, "--cluster", road.cluster]
    expect(road.doctor(*options), 1, ["acceptance"], ["principal"] + CONSUMER_SIDE + ["enforcement"])
    report = road.doctor(*options, "--consumer-account", "999999999999", "--consumer-vpc", road.consumer_vpc)
    expect(report, 1, ["principal", "acceptance"], ["endpoint-group", "dns-enabled"])


READS = {
    "ec2": ["DescribeVpcEndpointServiceConfigurations", "DescribeVpcEndpointServices", "DescribeVpcEndpoints",
            "DescribeVpcEndpointConnections"],
    "elasticloadbalancing": ["DescribeLoadBalancers", "DescribeListeners", "DescribeTargetGroups"],
}


def with_denied(road, *actions):
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": list(actions), "Resource": "*"}]}
    return road.account.role(road.number, road.region, policy)


def denied_one(road):
    report = road.doctor(account=with_denied(road, "ec2:DescribeSecurityGroups"))
    expect(report, 1, ["access"], ["endpoint-group", "enforcement", "balancer-egress", "task-group"])
    if "may not call ec2:DescribeSecurityGroups" not in report.findings[0][1]:
        raise AssertionError(report.text)


def denied_deep(road):
    """The calls that others wait for are answered; those after them are not."""
    actions = ["elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeTargetGroupAttributes",
               "ec2:DescribeVpcEndpointServicePermissions", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
               "ec2:DescribeVpcAttribute", "ecs:DescribeServices"]
    report = road.doctor(account=with_denied(road, *actions))
    expect(report, 1, ["access"] * len(actions), [
        "principal", "zones", "endpoint-group", "enforcement", "targets", "task-group", "tasks", "proxy",
        "proxy-trusted"])
    for action in actions:
        if not any(f"may not call {action}," in said for _, said in report.findings):
            raise AssertionError(f"{action} is not told:\n{report.text}")


def denied_all(road):
    actions = [f"{service}:{name}" for service, names in READS.items() for name in names]
    report = road.doctor(account=with_denied(road, *actions))
    if report.status != 1 or {name for name, _ in report.findings} != {"access"} or report.names["ok"]:
        raise AssertionError(report.text)


def looks_for_the_ecs_service(road):
    """Without --cluster and --ecs-service, among others that register elsewhere."""
    for number in range(11):
        road.account.ecs.create_service(cluster=road.cluster, serviceName=f"other-{number}", desiredCount=0,
                                        taskDefinition=road.definition, launchType="FARGATE")
    report = road.doctor("--service-id", road.service, "--endpoint-id", road.endpoint)
    expect(report, 0, [], [])
    if "ECS service postern runs 3 of 3" not in report.text:
        raise AssertionError(report.text)


def region_in_commands(road):
    """With --region, the printed commands work as well where the CLI's own region is another."""
    revoke(*ENDPOINT_RULE)(road)
    report = road.doctor("--region", road.region, *road.options(), account=road.elsewhere)
    expect(report, 1, ["endpoint-group"], [])
    command = COMMAND.search(report.findings[0][1].split(" mend: ")[1]).group()
    subprocess.run(["bash", "-c", command], env=dict(os.environ, **road.elsewhere.environment), check=True,
                   stdout=subprocess.DEVNULL, timeout=240)


def go_abroad(road):
    road.elsewhere = Account("sa-east-1")


TERRAFORM = """
output "endpoint_service_id" {{ value = "{road.service}" }}
output "consumer_endpoint_id" {{ value = "{road.endpoint}" }}
output "region" {{ value = "{road.region}" }}
output "ecs" {{ value = {{ cluster = "{road.cluster}", service = "{road.service_name}" }} }}
"""
TERRAFORM_OF_CONSUMER = """
output "endpoint_id" {{ value = "{road.endpoint}" }}
output "endpoint_dns_names" {{ value = ["{road.endpoint}-x.{road.service}.{road.region}.vpce.amazonaws.com"] }}
"""


def in_a_deployed_checkout(road):
    """Without options, from a checkout of the whole and from one of the consumer's side alone."""
    for folder, text in (("", TERRAFORM), ("consumer-account", TERRAFORM_OF_CONSUMER)):
        with tempfile.TemporaryDirectory() as top:
            shutil.copytree(os.path.dirname(os.path.dirname(DOCTOR)), os.path.join(top, "iac"),
                            ignore=lambda *_: ["modules"])
            for file in glob.glob(os.path.join(top, "iac", "**", "*.tf*"), recursive=True):
                os.remove(file)
            root = os.path.join(top, "iac", folder)
            os.makedirs(root, exist_ok=True)
            with open(os.path.join(root, "outputs.tf"), "w", encoding="ascii") as file:
                file.write(text.format(road=road))
            for command in (["init"], ["apply", "-auto-approve"]):
                subprocess.run(["terraform", "-chdir=" + root, *command, "-input=false"], check=True, timeout=240,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL,
                               env=dict(os.environ, CHECKPOINT_DISABLE="1"))
            done = subprocess.run([os.path.join(top, "iac", "bin", "doctor")], text=True, stdin=subprocess.DEVNULL,
                                  env=dict(os.environ, **road.elsewhere.environment), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=240, check=False)
            expect(Report(done), 0, [], [])


ACCOUNTS = [Step(step) for step in (
    looks_for_the_ecs_service, denied_one, denied_deep, denied_all, go_abroad, region_in_commands,
    in_a_deployed_checkout, from_another_region, foreigner,
    from_service_account, from_service_account_with_range, from_consumer_account, without_permission)]
