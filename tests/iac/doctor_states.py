"""Every broken state that iac/bin/doctor claims to find in one account, and what only looks broken."""

import re

from doctor_row import Fine, Row, Step, expect
from road import CONSUMER_RANGE, PORT, TARGET_PORT, from_group, from_range


def nothing(_road):
    pass


# ---- Security groups


def revoke(group, rule):
    return lambda road: road.account.ec2.revoke_security_group_ingress(
        GroupId=getattr(road, group), IpPermissions=[rule(road)])


def allow(group, rule):
    return lambda road: road.account.ec2.authorize_security_group_ingress(
        GroupId=getattr(road, group), IpPermissions=[rule(road)])


def revoke_egress(road):
    road.account.ec2.revoke_security_group_egress(GroupId=road.balancer_group, IpPermissions=road.egress)


ENDPOINT_RULE = ("endpoint_group", lambda road: from_range(PORT, CONSUMER_RANGE))
OTHER_PORT = ("endpoint_group", lambda road: from_range(PORT + 1, CONSUMER_RANGE))
PART = ("endpoint_group", lambda road: from_range(PORT, "10.1.1.0/24"))
BALANCER_RULE = ("balancer_group", lambda road: from_range(PORT, "10.0.0.0/8"))
BALANCER_MENDED = ("balancer_group", lambda road: from_range(PORT, CONSUMER_RANGE))
TASK_RULE = ("task_group", lambda road: from_group(TARGET_PORT, road.balancer_group))


def both(*steps):
    def run(road):
        for step in steps:
            step(road)
    return run


def unenforced(road):
    revoke(*BALANCER_MENDED)(road)
    road.set_enforcement("off")


def enforced(road):
    allow(*BALANCER_RULE)(road)
    road.set_enforcement("on")


NETWORK = [
    Row("the endpoint's security group admits nobody", revoke(*ENDPOINT_RULE), "endpoint-group",
        rf"does not admit {CONSUMER_RANGE} on port {PORT}\."),
    Row("the endpoint's security group admits another port", both(revoke(*ENDPOINT_RULE), allow(*OTHER_PORT)),
        "endpoint-group", "does not admit", both(revoke(*OTHER_PORT), allow(*ENDPOINT_RULE))),
    Row("the endpoint's security group admits a part of --consumer-cidr",
        both(revoke(*ENDPOINT_RULE), allow(*PART)), "endpoint-group", r"does not admit 10\.1\.0\.0/20",
        nothing, lambda road: road.options() + ["--consumer-cidr", "10.1.0.0/20"]),
    Fine("the endpoint's security group admits one subnet of the VPC", nothing,
         both(revoke(*PART), allow(*ENDPOINT_RULE))),
    Row("the NLB's security group is enforced and does not admit the consumer", revoke(*BALANCER_RULE),
        "enforcement", f"enforced on PrivateLink traffic, does not admit {CONSUMER_RANGE}"),
    Fine("the NLB's security group does not admit the consumer and is not enforced", unenforced, enforced),
    Row("the NLB's security group lets nothing out", revoke_egress, "balancer-egress",
        rf"lets nothing out to 10\.0\.0\.10/32, 10\.0\.1\.11/32, 10\.0\.2\.12/32 on port {TARGET_PORT}",
        lambda road: road.account.ec2.authorize_security_group_egress(
            GroupId=road.balancer_group, IpPermissions=road.egress)),
    Row("the tasks' security group does not admit the NLB", revoke(*TASK_RULE), "task-group",
        r"does not admit the NLB \(10\.0\.0\.0/24, "),
]

# ---- Targets, tasks, PROXY protocol

REASONS = ["initial:Elb.RegistrationInProgress", "initial:Elb.InitialHealthChecking",
           "unhealthy:Target.ResponseCodeMismatch", "unhealthy:Target.Timeout", "unhealthy:Target.FailedHealthChecks",
           "unhealthy:Elb.InternalError", "unused:Target.NotRegistered", "unused:Target.NotInUse",
           "unused:Target.InvalidState", "unused:Target.IpUnusable", "draining:Target.DeregistrationInProgress",
           "unavailable:Target.HealthCheckDisabled"]


def health(*states):
    def run(road):
        road.register(max(3, len(states)))
        road.tag_balancer(road.targets, "health", "/".join(states))
    return run


def healthy(road):
    road.deregister()
    road.register(3)
    road.untag_balancer(road.targets, "health")


def running(count):
    return lambda road: road.account.ecs.tag_resource(
        resourceArn=road.ecs_service, tags=[{"key": "emulator:running", "value": count}])


def all_running(road):
    road.account.ecs.untag_resource(resourceArn=road.ecs_service, tagKeys=["emulator:running"])


def web(**environment):
    return lambda road: road.deploy(road.define(**environment))


def web_as_before(road):
    road.deploy(road.definition)


def desired(count):
    return lambda road: road.account.ecs.update_service(
        cluster=road.cluster, service=road.service_name, desiredCount=count)


def move_listener(port):
    def run(road):
        road.account.elb.delete_listener(ListenerArn=road.listener)
        road.listen(port)
    return run


ENDPOINT_443 = ("endpoint_group", lambda road: from_range(443, CONSUMER_RANGE))
BALANCER_443 = ("balancer_group", lambda road: from_range(443, CONSUMER_RANGE))

TARGETS = [
    Row("the target group is empty", lambda road: road.deregister(), "targets", "postern has no targets",
        lambda road: road.register(3)),
    Row("no target is healthy", health("unhealthy:Target.Timeout"), "targets",
        r"no healthy target in postern: 10\.0\.0\.10 unhealthy Target\.Timeout.* mend: Target\.Timeout: see that",
        healthy),
    Row("no target is healthy, each for another reason", health(*REASONS), "targets",
        "mend: " + ".*".join(sorted(re.escape(reason.split(":")[1]) + ": [^;]{20}" for reason in REASONS)), healthy),
    Row("some targets are unhealthy, though the service runs",
        health("unhealthy:Target.Timeout", "healthy", "unhealthy:Target.FailedHealthChecks"), "targets",
        r"2 of 3 targets of postern take no requests: .*, though the service runs 3 of 3 tasks\. mend: "
        r"Target\.FailedHealthChecks: .*; Target\.Timeout: see that", healthy),
    Row("a target is in a zone that the NLB lacks", health("healthy", "healthy", "unused:Target.NotInUse"), "targets",
        r"1 of 3 targets of postern take no requests: 10\.0\.2\.12 unused", healthy),
    Row("all targets are unhealthy, though the service runs", health("unhealthy:Target.ResponseCodeMismatch"),
        "targets", "no healthy target in postern: .*, though the service runs 3 of 3 tasks", healthy),
    Fine("tasks come and go", health("initial:Elb.RegistrationInProgress", "healthy",
                                     "draining:Target.DeregistrationInProgress"), healthy),
    Row("fewer tasks run than are desired", running("2"), "tasks", "runs 2 of 3 tasks", all_running, looks=True),
    Row("no task is desired", desired(0), "tasks", "is asked for no task"),
    Row("the target group sends no PROXY protocol, web waits for it", lambda road: road.send_proxy("false"), "proxy",
        "web has PROXY_PROTOCOL=v2, target group postern does not send it"),
    Row("the target group sends PROXY protocol, web takes none", web(PROXY_PROTOCOL="off"), "proxy",
        "sends PROXY protocol v2, web has PROXY_PROTOCOL=off", web_as_before),
    Row("web's default is no PROXY protocol", web(), "proxy", "web has PROXY_PROTOCOL=off", web_as_before),
    Row("web trusts other subnets than the NLB's", web(PROXY_PROTOCOL="v2", PROXY_TRUSTED="10.0.0.0/23"),
        "proxy-trusted",
        r"PROXY_TRUSTED=10\.0\.0\.0/23 of web leaves out the NLB's subnets subnet-\w+ \(10\.0\.2\.0/24\),",
        web_as_before),
    Row("web trusts nobody", web(PROXY_PROTOCOL="v2"), "proxy-trusted",
        r"\(10\.0\.0\.0/24\), .*\(10\.0\.1\.0/24\), .*\(10\.0\.2\.0/24\)", web_as_before),
    Row("the listener is gone",
        lambda road: road.account.elb.delete_listener(ListenerArn=road.listener), "listener",
        f"no TCP or TLS listener on port {PORT}; it listens on nothing", lambda road: road.listen()),
    Row("the listener is on another port", move_listener(443), "listener", "; it listens on TCP 443",
        move_listener(PORT)),
    Fine("the listener is on the port that is asked for",
         both(move_listener(443), allow(*ENDPOINT_443), allow(*BALANCER_443)),
         both(move_listener(PORT), revoke(*ENDPOINT_443), revoke(*BALANCER_443)),
         lambda road: road.options() + ["--port", "443"]),
    Row("the NLB has failed", lambda road: road.tag_balancer(road.balancer, "state", "failed"), "balancer",
        "postern is failed", lambda road: road.untag_balancer(road.balancer, "state")),
]

# ---- The endpoint and its private DNS


STATES = {"pendingAcceptance": "waits to be accepted", "pending": "still being made", "rejected": "was rejected",
          "failed": "has failed", "expired": "waited too long", "partial": "only partly there", "deleted": None,
          "deleting": None}


def each_endpoint_in_its_state(road):
    """Without --endpoint-id each endpoint is told of, but not what was deleted."""
    made = {name: road.connect() for name in STATES}
    for name, endpoint in made.items():
        road.tag(endpoint, "state", name)
    report = road.doctor("--service-id", road.service, "--cluster", road.cluster, "--ecs-service", road.service_name)
    road.account.ec2.delete_vpc_endpoints(VpcEndpointIds=list(made.values()))
    for endpoint in made.values():
        road.untag(endpoint, "state")
    expect(report, 1, ["acceptance"] * sum(says is not None for says in STATES.values()), [])
    for name, says in STATES.items():
        told = [said for _, said in report.findings if said.startswith(made[name] + " ")]
        if not (says in told[0] if says else told == []):
            raise AssertionError(f"{name}: {told}\n{report.text}")


def ask_for_acceptance(road):
    def require(value):
        road.account.ec2.modify_vpc_endpoint_service_configuration(ServiceId=road.service, AcceptanceRequired=value)
    require(True)
    road.waiting = road.connect()
    require(False)


def delete(road):
    road.account.ec2.delete_vpc_endpoints(VpcEndpointIds=[road.waiting])


def of_waiting(road):
    return ["--service-id", road.service, "--endpoint-id", road.waiting]


def elsewhere(road):
    zone = "eu-north-1a" if road.region != "eu-north-1" else "eu-west-1a"
    road.lost = road.account.ec2.create_subnet(
        VpcId=road.consumer_vpc, CidrBlock="10.1.9.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
    road.change_endpoint(AddSubnetIds=[road.lost], RemoveSubnetIds=road.consumer_subnets)


def back(road):
    road.change_endpoint(AddSubnetIds=road.consumer_subnets, RemoveSubnetIds=[road.lost])


ENDPOINT = [
    Row("the endpoint waits to be accepted", ask_for_acceptance, "acceptance", "waits to be accepted",
        options=of_waiting),
    Row("the endpoint was rejected",
        lambda road: road.account.ec2.reject_vpc_endpoint_connections(
            ServiceId=road.service, VpcEndpointIds=[road.waiting]),
        "acceptance", "was rejected", options=of_waiting),
    Row("the endpoint was deleted", delete, "acceptance", "is deleted", nothing, of_waiting),
    Row("the endpoint is not there", nothing, "acceptance", r"vpce-0bad is not in account \d+, nor does it connect",
        nothing, lambda road: ["--service-id", road.service, "--endpoint-id", "vpce-0bad"]),
    Row("the endpoint is not there, and named alone", nothing, "acceptance", r"vpce-0bad is not in account \d+",
        nothing, lambda road: ["--endpoint-id", "vpce-0bad"]),
    Step(each_endpoint_in_its_state),
    Row("no zone is common", elsewhere, "zones", r"is in no zone of the service: it has \S+, the service \S+, \S+, ",
        back),
    Row("the endpoint has no subnet in a zone of the service",
        lambda road: road.change_endpoint(RemoveSubnetIds=road.consumer_subnets[1:2]), "zones",
        r"vpce-\w+ has no subnet in \S+-az\d, where the service is: .*--add-subnet-ids subnet-\w+$"),
    Row("the endpoint has no subnet",
        lambda road: road.change_endpoint(RemoveSubnetIds=road.consumer_subnets), "zones", "it has none, the service",
        lambda road: road.change_endpoint(AddSubnetIds=road.consumer_subnets)),
    Row("the endpoint service has failed", lambda road: road.tag(road.service, "state", "Failed"), "service",
        "is Failed", lambda road: road.untag(road.service, "state")),
    Row("the endpoint service has no NLB",
        lambda road: road.account.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=road.service, RemoveNetworkLoadBalancerArns=[road.balancer]),
        "service", "has no NLB",
        lambda road: road.account.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=road.service, AddNetworkLoadBalancerArns=[road.balancer])),
]


def unpublish(road):
    road.publish(action="DELETE")
    road.verify()


def publish_other(road):
    road.publish("vpce:other")
    road.verify()


def remove_zone(road):
    road.publish(action="DELETE")
    road.account.dns.delete_hosted_zone(Id=road.zone)
    road.verify()


def restore_zone(road):
    road.make_zone()
    road.publish()
    road.verify()


def rename(road):
    road.name = "new." + road.name
    road.account.ec2.modify_vpc_endpoint_service_configuration(ServiceId=road.service, PrivateDnsName=road.name)
    road.publish()
    road.verify()


def take_new_name(road):
    road.change_endpoint(PrivateDnsEnabled=False)
    road.change_endpoint(PrivateDnsEnabled=True)


def attribute(name):
    return lambda road: road.account.ec2.modify_vpc_attribute(VpcId=road.consumer_vpc, **{name: {"Value": False}})


DNS = [
    Row("the TXT record is missing", unpublish, "dns-verified",
        r"is not verified \(failed\): the public zone has no TXT record for it\. mend: "
        r'add TXT _\w+\.api\..* with "vpce:\w+", then',
        nothing),
    Row("the TXT record holds something else", publish_other, "dns-verified", 'holds "vpce:other".* mend: set it to',
        lambda road: road.publish()),
    Row("the TXT record is right, and verification is not started again", nothing, "dns-verified",
        "its TXT record is right"),
    Row("the public zone is elsewhere", remove_zone, "dns-verified", "its public zone is not in this account",
        restore_zone),
    Row("the endpoint has no private DNS", lambda road: road.change_endpoint(PrivateDnsEnabled=False), "dns-enabled",
        r"vpce-\w+ has no private DNS, so api\."),
    Fine("the endpoint has no private DNS, and nobody uses the name",
         lambda road: road.change_endpoint(PrivateDnsEnabled=False),
         lambda road: road.change_endpoint(PrivateDnsEnabled=True),
         lambda road: road.options() + [
             "--name", f"{road.endpoint}-0a.{road.service}.{road.region}.vpce.amazonaws.com"]),
    Row("the VPC gives no host names", attribute("EnableDnsHostnames"), "dns-enabled", "enableDnsHostnames is off"),
    Row("the VPC resolves no names", attribute("EnableDnsSupport"), "dns-enabled", "enableDnsSupport is off"),
    Row("consumers use another name", nothing, "dns-matched", "consumers use shop.example.com", nothing,
        lambda road: road.options() + ["--name", "shop.example.com"]),
    Row("the endpoint answers to the service's former name", rename, "dns-matched",
        r"answers to api\.\S+, the service's private DNS name is new\.api\.", take_new_name),
]
