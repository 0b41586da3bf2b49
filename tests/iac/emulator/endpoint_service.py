"""VPC endpoint services: private DNS and its verification, permissions, connection notifications."""

import hashlib

from moto.core.responses import ActionResult
from moto.ec2.models.vpc_service_configuration import VPCServiceConfiguration
from moto.ec2.responses import EC2Response as EC2
from moto.moto_api._internal import mock_random
from moto.route53.models import route53_backends

from patch import after, computing, replacing


def service_of(request):
    return request.ec2_backend.describe_vpc_endpoint_service_configurations([request._get_param("ServiceId")])[0]


@after(EC2)
def create_vpc_endpoint_service_configuration(self, answer):
    service = answer._result["ServiceConfiguration"]
    service.supported_ip_address_types = self._get_param("SupportedIpAddressTypes", []) or ["ipv4"]
    service.dns_state = "pendingVerification"


@after(EC2)
def modify_vpc_endpoint_service_configuration(self, answer):
    if str(self._get_param("RemovePrivateDnsName")).lower() == "true":
        service_of(self).private_dns_name = None


@computing(VPCServiceConfiguration)
def private_dns_name_configuration(self):
    if not self.private_dns_name:
        return {}
    token = self.id.removeprefix("vpce-svc-")
    return {"State": getattr(self, "dns_state", "pendingVerification"), "Type": "TXT",
            "Value": "vpce:" + token, "Name": "_" + token}


def is_published(account, name, value):
    """True if a public zone of the account holds the TXT record."""
    return any(value in str(record)
               for zone in route53_backends[account]["aws"].zones.values() if not zone.private_zone
               for rrset in zone.rrsets if rrset.type == "TXT" and rrset.name == name
               for record in rrset.records)


@replacing(EC2)
def start_vpc_endpoint_service_private_dns_verification(self):
    service = service_of(self)
    wanted = service.private_dns_name_configuration
    name = f"{wanted['Name']}.{service.private_dns_name}."
    service.dns_state = "verified" if is_published(self.current_account, name, wanted["Value"]) else "failed"
    return ActionResult({"ReturnValue": True})


def permission(service, principal):
    digest = hashlib.sha256((service.id + principal).encode()).hexdigest()
    return {"Principal": principal, "PrincipalType": "Account", "ServiceId": service.id,
            "ServicePermissionId": "vpce-svc-perm-" + digest[:17]}


@replacing(EC2)
def modify_vpc_endpoint_service_permissions(self):
    added, removed = self._get_param("AddAllowedPrincipals", []), self._get_param("RemoveAllowedPrincipals", [])
    self.ec2_backend.modify_vpc_endpoint_service_permissions(self._get_param("ServiceId"), added, removed)
    service = service_of(self)
    return ActionResult({"ReturnValue": True, "AddedPrincipals": [permission(service, p) for p in added]})


@replacing(EC2)
def describe_vpc_endpoint_service_permissions(self):
    service = service_of(self)
    return ActionResult({"AllowedPrincipals": [permission(service, p) for p in service.principals]})


def notifications(request):
    return request.ec2_backend.__dict__.setdefault("connection_notifications", {})


@replacing(EC2)
def create_vpc_endpoint_connection_notification(self):
    identifier = "vpce-nfn-" + mock_random.get_random_hex(17)
    notification = {
        "ConnectionNotificationId": identifier,
        "ServiceId": self._get_param("ServiceId"),
        "VpcEndpointId": self._get_param("VpcEndpointId"),
        "ConnectionNotificationType": "Topic",
        "ConnectionNotificationArn": self._get_param("ConnectionNotificationArn"),
        "ConnectionEvents": self._get_param("ConnectionEvents", []),
        "ConnectionNotificationState": "Enabled",
    }
    notifications(self)[identifier] = notification
    return ActionResult({"ConnectionNotification": notification})


@replacing(EC2)
def describe_vpc_endpoint_connection_notifications(self):
    wanted = self._get_param("ConnectionNotificationId")
    found = [value for key, value in notifications(self).items() if wanted in (None, key)]
    return ActionResult({"ConnectionNotificationSet": found})


@replacing(EC2)
def delete_vpc_endpoint_connection_notifications(self):
    for identifier in self._get_param("ConnectionNotificationIds", []):
        notifications(self).pop(identifier, None)
    return ActionResult({"Unsuccessful": []})
