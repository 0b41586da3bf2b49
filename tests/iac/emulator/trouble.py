"""States that time, another account or a fault would bring about in AWS, and that a test asks for here.

A tag on a resource asks for its state:
    emulator:state    endpoint, endpoint service, load balancer: pending, failed, provisioning, …
    emulator:health   target group: the states of its targets, "healthy/unhealthy:Target.Timeout", say
    emulator:running  ECS service: so many of its tasks run
The policy of a session (sts assume-role --policy) denies the actions it names, as it does in AWS.
"""

import json

from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response as EC2
from moto.ecs.responses import EC2ContainerServiceResponse as ECS
from moto.elbv2.responses import ELBV2Response as ELB
from moto.sts.models import sts_backends

from endpoint import visible_service
from patch import after, refuse, replacing

# ---- Tags


def tag_of(resource, name):
    return next((tag["value"] for tag in resource.get_tags() if tag["key"] == "emulator:" + name), None)


def keep_state(endpoint, value):
    endpoint.kept_state = value


VPCEndPoint.state = property(lambda self: tag_of(self, "state") or self.kept_state, keep_state)


@after(ELB)
def describe_load_balancers(self, answer):
    for balancer in answer._result["LoadBalancers"]:
        tags = self.elbv2_backend.tagging_service.get_tag_dict_for_resource(balancer.arn)
        balancer.state = tags.get("emulator:state", "active")


@after(ELB)
def describe_target_health(self, answer):
    arn = self._get_param("TargetGroupArn")
    tags = self.elbv2_backend.tagging_service.get_tag_dict_for_resource(arn)
    states = tags.get("emulator:health", "healthy").split("/")
    for number, target in enumerate(answer._result["TargetHealthDescriptions"]):
        target.status, _, reason = states[number % len(states)].partition(":")
        target.reason = reason or None


@after(ECS)
def describe_services(self, answer):
    for service in answer._result["services"]:
        tags = self.ecs_backend.list_tags_for_resource(service.arn)
        running = [tag["value"] for tag in tags if tag["key"] == "emulator:running"]
        service.running_count = int(running[0]) if running else service.desired_count


# ---- The endpoint service as its owner and as a consumer sees it

FILTERS = {"service-id": "id", "service-name": "service_name"}


@after(EC2)
def describe_vpc_endpoint_service_configurations(self, answer):
    found = answer._result["ServiceConfigurations"]
    for wanted in self._get_param("Filters", []):
        found = [service for service in found if getattr(service, FILTERS[wanted["Name"]]) in wanted["Values"]]
    for service in found:
        service.service_state = tag_of(service, "state") or "Available"
    return ActionResult({"ServiceConfigurations": found})


describe_aws_services = EC2.describe_vpc_endpoint_services


@replacing(EC2)
def describe_vpc_endpoint_services(self):
    names = self._get_param("ServiceNames", [])
    if not any(".vpce-svc-" in name for name in names):
        return describe_aws_services(self)
    services = [visible_service(self, name) for name in names]
    details = [dict(service.to_dict(), PrivateDnsNameVerificationState=service.dns_state) for service in services]
    return ActionResult({"ServiceNames": names, "ServiceDetails": details})


@after(EC2)
def modify_vpc_endpoint_service_configuration(self, answer):
    if self._get_param("PrivateDnsName"):
        identifier = self._get_param("ServiceId")
        self.ec2_backend.describe_vpc_endpoint_service_configurations([identifier])[0].dns_state = "pendingVerification"


# ---- An endpoint's private DNS: it takes the service's name of the moment, and keeps it

VPCEndPoint.vpc_endpoint_id = property(lambda self: self.id)


def take_private_name(request, endpoint):
    own = [entry for entry in endpoint.dns_entries if ".vpce-svc-" in entry["dns_name"]]
    if endpoint.private_dns_enabled and ".vpce-svc-" in endpoint.service_name:
        name = visible_service(request, endpoint.service_name).private_dns_name
        own.append({"dns_name": name, "hosted_zone_id": "Z0EMULATOR"})
    endpoint.dns_entries = own


@after(EC2)
def create_vpc_endpoint(self, answer):
    endpoint = answer._result["VpcEndpoint"]
    endpoint.private_dns_enabled = str(endpoint.private_dns_enabled).lower() == "true"
    if ".vpce-svc-" in endpoint.service_name:
        take_private_name(self, endpoint)


@after(EC2)
def modify_vpc_endpoint(self, answer):
    enabled = self._get_param("PrivateDnsEnabled")
    if enabled is not None:
        endpoint = self.ec2_backend.get_vpc_end_point(self._get_param("VpcEndpointId"))
        endpoint.private_dns_enabled = str(enabled).lower() == "true"
        take_private_name(self, endpoint)


# ---- Session policies

PREFIXES = {"elbv2": "elasticloadbalancing"}
CODES = {"ec2": "UnauthorizedOperation", "ecs": "AccessDeniedException"}
call = BaseResponse.call_action


def is_denied(request, action):
    session = sts_backends[request.current_account]["aws"].get_assumed_role_from_access_key(request.access_key)
    if session is None or not session.policy:
        return False
    return any(statement["Effect"] == "Deny" and action in statement["Action"]
               for statement in json.loads(session.policy)["Statement"])


@replacing(BaseResponse)
def call_action(self):
    action = f"{PREFIXES.get(self.service_name, self.service_name)}:{self._get_action()}"
    if not is_denied(self, action):
        return call(self)
    code = CODES.get(self.service_name, "AccessDenied")
    return refuse(self, code, f"not authorized to perform: {action} with an explicit deny in a session policy", 403)
