"""VPC endpoints of endpoint services: who may make one, and the states a connection goes through."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError, InvalidServiceName
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response as EC2

from patch import after, replacing

create = EC2.create_vpc_endpoint


def of_every_account(region, attribute):
    for account in list(ec2_backends.keys()):
        for value in getattr(ec2_backends[account][region], attribute).values():
            yield account, value


def of_every_region(attribute):
    for account in list(ec2_backends.keys()):
        for region in list(ec2_backends[account].values()):
            for value in list(getattr(region, attribute).values()):
                yield account, value


def visible_service(request, name):
    """AWS hides a service from those who are not allowed, as if it were not there."""
    me, region = request.current_account, name.split(".")[3]
    asked = {request.region, request._get_param("ServiceRegion"), *request._get_param("ServiceRegions", [])}
    for owner, service in of_every_account(region, "configurations"):
        allowed = {"*", f"arn:aws:iam::{me}:root"} & set(service.principals)
        offered = request.region in (region, *(r["Region"] for r in service.supported_regions))
        if service.service_name == name and (owner == me or allowed) and region in asked and offered:
            return service
    raise InvalidServiceName(name)


@replacing(EC2)
def create_vpc_endpoint(self):
    name = self._get_param("ServiceName")
    service = visible_service(self, name) if ".vpce-svc-" in name else None
    answer = create(self)
    if service is not None and str(service.acceptance_required).lower() == "true":
        answer._result["VpcEndpoint"].state = "pendingAcceptance"
    return answer


@after(EC2)
def modify_vpc_endpoint(self, answer):
    enabled = self._get_param("PrivateDnsEnabled")
    if enabled is not None:
        endpoint = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[self._get_param("VpcEndpointId")])[0]
        endpoint.private_dns_enabled = str(enabled).lower() == "true"


def connections(request):
    for service in request.ec2_backend.configurations.values():
        for account, endpoint in of_every_region("vpc_end_points"):
            if endpoint.service_name == service.service_name:
                yield {"ServiceId": service.id, "VpcEndpointId": endpoint.id, "VpcEndpointState": endpoint.state,
                       "VpcEndpointOwner": account, "VpcEndpointRegion": endpoint.ec2_backend.region_name,
                       "CreationTimestamp": utcnow(),
                       "NetworkLoadBalancerArns": service.network_load_balancer_arns}


# The filter vpc-endpoint-id is documented, and was seen refused.
FILTERS = {"service-id": "ServiceId", "vpc-endpoint-state": "VpcEndpointState"}


@replacing(EC2)
def describe_vpc_endpoint_connections(self):
    for wanted in self._get_param("Filters", []):
        if wanted["Name"] not in FILTERS:
            raise EC2ClientError("InvalidFilter", f"The filter '{wanted['Name']}' is invalid")
    filters = [(FILTERS[f["Name"]], f["Values"]) for f in self._get_param("Filters", [])]
    found = [c for c in connections(self) if all(c[key] in values for key, values in filters)]
    return ActionResult({"VpcEndpointConnections": found})


def set_state(request, state):
    """One that its owner has deleted is still listed, and stays deleted."""
    wanted, gone = request._get_param("VpcEndpointIds", []), []
    for _, endpoint in of_every_region("vpc_end_points"):
        if endpoint.id in wanted:
            if endpoint.state == "deleted":
                gone.append({"ResourceId": endpoint.id, "Error": {
                    "Code": "InvalidVpcEndpointId.NotFound", "Message": f"The endpoint {endpoint.id} is not there"}})
            else:
                endpoint.state = state
    return ActionResult({"Unsuccessful": gone})


@replacing(EC2)
def accept_vpc_endpoint_connections(self):
    return set_state(self, "available")


@replacing(EC2)
def reject_vpc_endpoint_connections(self):
    return set_state(self, "rejected")
