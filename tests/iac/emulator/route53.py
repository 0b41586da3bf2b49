"""Amazon Route 53: a zone's id begins with Z, and a VPC in the request is what makes a zone private."""

from moto.route53 import models
from moto.route53.responses import Route53

from patch import after

make_id = models.create_route53_zone_id


def create_route53_zone_id(*args, **kwargs):
    return "Z" + make_id(*args, **kwargs)[1:]


models.create_route53_zone_id = create_route53_zone_id


@after(Route53)
def create_hosted_zone(self, answer):
    vpc, zone = self._get_param("VPC.VPCId"), answer._result["HostedZone"]
    if vpc and not zone.vpcs:
        zone.private_zone = True
        zone.add_vpc(vpc, self._get_param("VPC.VPCRegion"))
