"""Elastic Load Balancing v2: a network load balancer's ARN, and whether its security groups hold for PrivateLink."""

from moto.elbv2 import models
from moto.elbv2.responses import ELBV2Response as ELB

from patch import after

PARAMETER = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
ATTRIBUTE = "enforce_security_group_inbound_rules_on_private_link_traffic"

make_arn = models.make_arn_for_load_balancer


def make_network_arn(*args, **kwargs):
    """moto takes every balancer for one of applications, and there is none here."""
    return make_arn(*args, **kwargs).replace(":loadbalancer/app/", ":loadbalancer/net/")


models.make_arn_for_load_balancer = make_network_arn


@after(ELB)
def create_load_balancer(self, answer):
    balancer = answer._result["LoadBalancers"][0]
    if balancer.type == "network" and balancer.security_groups:
        setattr(balancer, ATTRIBUTE, "on")


@after(ELB)
def set_security_groups(self, answer):
    value = self._get_param(PARAMETER)
    if value:
        arn = self._get_param("LoadBalancerArn")
        setattr(self.elbv2_backend.describe_load_balancers([arn], None)[0], ATTRIBUTE, value)
