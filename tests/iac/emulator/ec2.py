"""Amazon EC2: instances with an interface of their own, launch templates, rules' descriptions, a fourth zone."""

from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend, Zone
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.responses import EC2Response as EC2

from patch import after, computing, replacing

# A region that grows, as regions do.
RegionsAndZonesBackend.zones["eu-west-2"].append(Zone("eu-west-2d", "eu-west-2", "euw2-az4"))

prepare = Instance.prep_nics
association_of = NetworkInterface.association.fget


@replacing(EC2)
def monitor_instances(self):
    for identifier in self._get_param("InstanceIds", []):
        self.ec2_backend.get_instance(identifier).monitoring_state = "enabled"
    return ActionResult({"InstanceMonitorings": []})


@after(EC2)
def create_launch_template(self, answer):
    """moto mixes the template's own tags into its data."""
    identifier = answer._result["LaunchTemplate"]["LaunchTemplateId"]
    data = self.ec2_backend.launch_templates[identifier].default_version().data
    tags = [t for t in data.pop("TagSpecifications", []) if t["ResourceType"] != "launch-template"]
    if tags:
        data["TagSpecifications"] = tags


def describe(request, answer):
    """moto keeps the description of a rule's address range only."""
    for permission in request._get_param("IpPermissions", []):
        described = permission.get("UserIdGroupPairs", []) + permission.get("PrefixListIds", [])
        if described and described[0].get("Description"):
            for rule in answer._result["SecurityGroupRules"]:
                rule.ip_range = {**rule.ip_range, "Description": described[0]["Description"]}


@after(EC2)
def authorize_security_group_egress(self, answer):
    describe(self, answer)


@after(EC2)
def authorize_security_group_ingress(self, answer):
    describe(self, answer)


@replacing(Instance)
def prep_nics(self, nic_spec, private_ip=None, associate_public_ip=None, security_groups=None,
              ipv6_address_count=None):
    """The security groups may be given on the interface, and "false" is not true."""
    for nic in nic_spec:
        if int(nic.get("DeviceIndex", 0)) != 0:
            continue
        if str(nic.get("AssociatePublicIpAddress", "")).lower() == "false":
            nic["AssociatePublicIpAddress"] = False
        groups = nic.get("Groups") or nic.get("SecurityGroupId") or []
        if groups and not self.security_groups:
            self.security_groups = [self.ec2_backend.get_security_group_from_id(g) for g in groups]
    return prepare(self, nic_spec, private_ip, associate_public_ip, security_groups, ipv6_address_count)


@computing(NetworkInterface)
def association(self):
    """An interface without a public address has no association at all, not an empty one."""
    return association_of(self) or None
