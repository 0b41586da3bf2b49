"""Amazon Route 53: a VPC in the request is what makes a zone private."""

from moto.route53.responses import Route53

from patch import after


@after(Route53)
def create_hosted_zone(self, answer):
    vpc, zone = self._get_param("VPC.VPCId"), answer._result["HostedZone"]
    if vpc and not zone.vpcs:
        zone.private_zone = True
        zone.add_vpc(vpc, self._get_param("VPC.VPCRegion"))
