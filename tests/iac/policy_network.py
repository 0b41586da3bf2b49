"""Policies on networks. AWS refuses some of it at the apply, the emulator none; the rest AWS would do as told."""

import ipaddress
import re

from plan import policy

# Services that are reached through an interface endpoint here, and through a gateway endpoint.
INTERFACE = {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "ec2messages", "kms", "monitoring",
             "sts", "ecs", "ecs-agent", "ecs-telemetry", "rds", "sns", "elasticloadbalancing"}
GATEWAY = {"s3", "dynamodb"}
# What a task and an instance need where there is no way to the internet.
NEEDED = {"aws_ecs_service": {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"},
          "aws_instance": {"ssm", "ssmmessages", "ec2messages"}}
# Amazon EC2 API Reference, CreateSecurityGroup and IpRange. A semicolon is in the one's list and not in the other's.
DESCRIPTION = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&{}!$*]{0,255}")
ANYWHERE = ("0.0.0.0/0", "::/0")


@policy
def balancer_zones(plan):
    for balancer in plan.of("aws_lb"):
        zones = [plan.by_id[s]["availability_zone"] for s in balancer["subnets"] or [] if s in plan.by_id]
        for zone in sorted({z for z in zones if zones.count(z) > 1}):
            yield f"{balancer.address}: two of its subnets are in {zone}"
        if len(set(zones)) < 2:
            yield f"{balancer.address}: it stands in fewer than two availability zones"


def placements(plan):
    """Whatever stands in subnets behind security groups, as (resource, subnets, groups)."""
    for service in plan.of("aws_ecs_service"):
        network = service.block("network_configuration")
        yield service, network.get("subnets"), network.get("security_groups")
    for balancer in plan.of("aws_lb"):
        yield balancer, balancer["subnets"], balancer["security_groups"]
    for endpoint in plan.of("aws_vpc_endpoint"):
        yield endpoint, endpoint["subnet_ids"], endpoint["security_group_ids"]
    for instance in plan.of("aws_instance"):
        yield instance, [instance["subnet_id"]], instance["vpc_security_group_ids"]
    groups = {g["name"]: g["subnet_ids"] for g in plan.of("aws_db_subnet_group")}
    for cluster in plan.of("aws_rds_cluster"):
        yield cluster, groups.get(cluster["db_subnet_group_name"]), cluster["vpc_security_group_ids"]


@policy
def group_in_vpc(plan):
    for resource, subnets, groups in placements(plan):
        if len(plan.vpc_of(subnets) | plan.vpc_of(groups)) > 1:
            yield f"{resource.address}: a security group is of another VPC than the subnets"
    for rule in plan.of("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"):
        if len(plan.vpc_of([rule["security_group_id"], rule["referenced_security_group_id"]])) > 1:
            yield f"{rule.address}: it refers to a security group of another VPC"


@policy
def guarded(plan):
    for resource, subnets, groups in placements(plan):
        # Groups that are not known yet are None.
        if subnets and groups == []:
            yield f"{resource.address}: it has no security group of its own"


@policy
def endpoint_service_name(plan):
    for endpoint in plan.of("aws_vpc_endpoint"):
        name, kind = endpoint["service_name"] or "", endpoint["vpc_endpoint_type"]
        if ".vpce-svc-" in name or not name:
            continue
        service = name.split(".", 3)[3] if name.startswith("com.amazonaws.") and name.count(".") > 2 else name
        if service not in (GATEWAY if kind == "Gateway" else INTERFACE):
            yield f"{endpoint.address}: AWS has no {kind} endpoint for {name}"


@policy
def reaches_aws(plan):
    """A VPC with an instance or a task in it and no way out must hold an endpoint for each service it uses."""
    names = {}
    for endpoint in plan.of("aws_vpc_endpoint"):
        names.setdefault(endpoint["vpc_id"], set()).add((endpoint["service_name"] or "").split(".", 3)[-1])
        if endpoint["vpc_endpoint_type"] == "Gateway" and not endpoint["route_table_ids"]:
            yield f"{endpoint.address}: no route table leads to it"
        public = ".vpce-svc-" in (endpoint["service_name"] or "")
        if endpoint["vpc_endpoint_type"] == "Interface" and not public and not endpoint["private_dns_enabled"]:
            yield f"{endpoint.address}: the service's own name does not resolve to it"
    for resource, subnets, _ in placements(plan):
        for vpc in plan.vpc_of(subnets):
            for missing in sorted(NEEDED.get(resource.kind, set()) - names.get(vpc, set())):
                yield f"{resource.address}: its VPC has no endpoint for {missing}"


@policy
def paid_interfaces(plan):
    """An interface endpoint costs for each subnet it is in: Session Manager's need no more than have instances."""
    zones = {}
    for instance in plan.of("aws_instance"):
        for vpc in plan.vpc_of([instance["subnet_id"]]):
            zones.setdefault(vpc, set()).add(instance["subnet_id"])
    for endpoint in plan.of("aws_vpc_endpoint"):
        service = (endpoint["service_name"] or "").split(".", 3)[-1]
        wanted = len(zones.get(endpoint["vpc_id"], ()))
        if service in NEEDED["aws_instance"] and len(endpoint["subnet_ids"] or []) > wanted:
            yield f"{endpoint.address}: more interfaces for {service} than zones with instances, {wanted}"


@policy
def plain_description(plan):
    """EC2 refuses other characters when the group or the rule is made."""
    for resource in plan.of("aws_security_group", "aws_default_security_group", "aws_vpc_security_group_ingress_rule",
                            "aws_vpc_security_group_egress_rule", "aws_security_group_rule"):
        texts = [resource["description"]]
        for side in ("ingress", "egress"):
            texts += [rule.get("description") for rule in resource[side] or []]
        for text in texts:
            if text and not DESCRIPTION.fullmatch(text):
                yield f"{resource.address}: EC2 refuses the description '{text}'"


@policy
def no_internet(plan):
    for resource in plan.of("aws_internet_gateway", "aws_nat_gateway", "aws_egress_only_internet_gateway", "aws_eip"):
        yield f"{resource.address}: a way to the internet"
    for route in plan.of("aws_route"):
        if ANYWHERE[0] == route["destination_cidr_block"] or ANYWHERE[1] == route["destination_ipv6_cidr_block"]:
            yield f"{route.address}: a route to the internet"
    for table in plan.of("aws_route_table", "aws_default_route_table"):
        for route in table["route"] or []:
            if route.get("cidr_block") in ANYWHERE or route.get("ipv6_cidr_block") in ANYWHERE:
                yield f"{table.address}: a route to the internet"


@policy
def no_public_address(plan):
    for subnet in plan.of("aws_subnet"):
        if subnet["map_public_ip_on_launch"]:
            yield f"{subnet.address}: what starts in it gets a public address"
    for instance in plan.of("aws_instance"):
        if instance["associate_public_ip_address"] is not False:
            yield f"{instance.address}: it is not denied a public address"
    for service in plan.of("aws_ecs_service"):
        if service.block("network_configuration").get("assign_public_ip"):
            yield f"{service.address}: its tasks get public addresses"
    for balancer in plan.of("aws_lb"):
        if balancer["internal"] is not True:
            yield f"{balancer.address}: it is open to the internet"
    for database in plan.of("aws_rds_cluster_instance", "aws_db_instance"):
        if database["publicly_accessible"]:
            yield f"{database.address}: it has a public address"


@policy
def narrow_ingress(plan):
    for rule in plan.of("aws_vpc_security_group_ingress_rule"):
        if rule["cidr_ipv4"] in ANYWHERE or rule["cidr_ipv6"] in ANYWHERE:
            yield f"{rule.address}: open to any address"
        if rule["ip_protocol"] == "-1":
            yield f"{rule.address}: open on every port"
    for group in plan.of("aws_security_group", "aws_default_security_group"):
        for rule in group["ingress"] or []:
            if set(ANYWHERE) & {*(rule.get("cidr_blocks") or []), *(rule.get("ipv6_cidr_blocks") or [])}:
                yield f"{group.address}: open to any address"


def within_vpc(plan, rule):
    """Whether all addresses that the rule admits are of the VPC of its security group."""
    vpcs = [plan.by_id[vpc]["cidr_block"] for vpc in plan.vpc_of([rule["security_group_id"]])]
    return bool(vpcs) and rule["cidr_ipv4"] is not None and ipaddress.ip_network(rule["cidr_ipv4"]).subnet_of(
        ipaddress.ip_network(vpcs[0]))


@policy
def tasks_behind_balancer(plan):
    """Only the balancer's security group may reach the tasks: a PROXY header from elsewhere would be believed. A
    collector of the same VPC may ask for the metrics."""
    metrics = {int(variable["value"]) for _, container in plan.containers()
               for variable in container.get("environment") or [] if variable["name"] == "METRICS_PORT"}
    balancers = {group for balancer in plan.of("aws_lb") for group in balancer["security_groups"] or []}
    tasks = {group for service in plan.of("aws_ecs_service")
             for group in service.block("network_configuration").get("security_groups") or []}
    for rule in plan.of("aws_vpc_security_group_ingress_rule"):
        if rule["security_group_id"] not in tasks or rule["referenced_security_group_id"] in balancers:
            continue
        if not (rule["from_port"] == rule["to_port"] in metrics and within_vpc(plan, rule)):
            yield f"{rule.address}: it opens the tasks to more than the balancer"


@policy
def private_dns(plan):
    """A private DNS name is of use only with its TXT record in a public zone and the verification."""
    verified = {v["service_id"] for v in plan.of("aws_vpc_endpoint_service_private_dns_verification")}
    texts = [r["records"] or [] for r in plan.of("aws_route53_record") if r["type"] == "TXT"]
    for service in plan.of("aws_vpc_endpoint_service"):
        if not service["private_dns_name"]:
            continue
        for wanted in service["private_dns_name_configuration"] or []:
            if not any(wanted["value"] in record for records in texts for record in records):
                yield f"{service.address}: no TXT record proves {service['private_dns_name']}"
        if service["id"] not in verified:
            yield f"{service.address}: {service['private_dns_name']} is never verified"


@policy
def apart(plan):
    """The two VPCs' ranges must differ, or nobody could tell whose address a log line holds."""
    networks = [(vpc, ipaddress.ip_network(vpc["cidr_block"])) for vpc in plan.of("aws_vpc")]
    for index, (vpc, network) in enumerate(networks):
        for other, taken in networks[:index]:
            if network.overlaps(taken):
                yield f"{vpc.address}: {network} overlaps {other.address}"
