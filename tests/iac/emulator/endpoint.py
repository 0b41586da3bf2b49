"""VPC endpoints of endpoint services: who may make one, and the states a connection goes through."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import InvalidServiceName
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response as EC2

from patch import after, replacing

create = EC2.create_vpc_endpoint


def of_every_account(region, attribute):
    for account in list(ec2_backends.keys()):
        for value in getattr(ec2_backends[account][region], attribute).values():
            yield account, value


def visible_service(request, name):
    """AWS hides a service from those who are not allowed, as if it were not there."""
    me = request.current_account
    for owner, service in of_every_account(request.region, "configurations"):
        allowed = {"*", f"arn:aws:iam::{me}:root"} & set(service.principals)
        if service.service_name == name and (owner == me or allowed):
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
        for account, endpoint in of_every_account(request.region, "vpc_end_points"):
            if endpoint.service_name == service.service_name:
                yield {"ServiceId": service.id, "VpcEndpointId": endpoint.id, "VpcEndpointState": endpoint.state,
                       "VpcEndpointOwner": account, "CreationTimestamp": utcnow(),
                       "NetworkLoadBalancerArns": service.network_load_balancer_arns}


FILTERS = {"service-id": "ServiceId", "vpc-endpoint-id": "VpcEndpointId", "vpc-endpoint-state": "VpcEndpointState"}


@replacing(EC2)
def describe_vpc_endpoint_connections(self):
    filters = [(FILTERS[f["Name"]], f["Values"]) for f in self._get_param("Filters", [])]
    found = [c for c in connections(self) if all(c[key] in values for key, values in filters)]
    return ActionResult({"VpcEndpointConnections": found})


def set_state(request, state):
    wanted = request._get_param("VpcEndpointIds", [])
    for _, endpoint in of_every_account(request.region, "vpc_end_points"):
        if endpoint.id in wanted:
            endpoint.state = state
    return ActionResult({"Unsuccessful": []})


@replacing(EC2)
def accept_vpc_endpoint_connections(self):
    return set_state(self, "available")


@replacing(EC2)
def reject_vpc_endpoint_connections(self):
    return set_state(self, "rejected")
