#!/usr/bin/env python3
"""The whole configuration, applied for real to an emulator: planned again, walked along the road of a
request with the AWS CLI, given another image, destroyed."""

import concurrent.futures
import ipaddress
import json
import os
import sys
import unittest

import cloud
import postern
import suite
import terraform
from aws import Failure, account, aws, filters

MINIMUM = 3


COPY = None
# The consumer in another account, which is applied while the road is walked.
CONSUMER = None
BACKGROUND = concurrent.futures.ThreadPoolExecutor(1)


def setUpModule():
    global COPY, CONSUMER
    COPY = cloud.applied("cloud")
    CONSUMER = BACKGROUND.submit(cloud.consumer, "consumer", only_service()["ServiceName"])


def only_service():
    [service] = aws("ec2", "describe-vpc-endpoint-service-configurations")["ServiceConfigurations"]
    return service


class Applied(unittest.TestCase):
    def test_second_plan_is_empty(self):
        self.assertEqual(terraform.changes(COPY.plan()), {})

    def test_interfaces_as_the_page_counts_them(self):
        endpoints = aws("ec2", "describe-vpc-endpoints", *filters(vpc_endpoint_type="Interface"))["VpcEndpoints"]
        with open(os.path.join(terraform.TOP, "iac", "README.md"), encoding="utf-8") as page:
            self.assertIn(f"{sum(len(e['SubnetIds']) for e in endpoints)} interfaces:", page.read())

    def test_schema_was_migrated(self):
        """By a task that Terraform ran, with a role that it had made."""
        found = aws("ecs", "list-tasks", "--cluster", "postern", "--family", "postern-migrate",
                    "--desired-status", "STOPPED")
        self.assertEqual(len(found["taskArns"]), 1)
        [secret] = [s["Name"] for s in aws("secretsmanager", "list-secrets")["SecretList"]
                    if s["Name"].startswith("postern/database-role-")]
        value = json.loads(aws("secretsmanager", "get-secret-value", "--secret-id", secret)["SecretString"])
        self.assertEqual((value["username"], len(value["password"])), ("postern_1", 40))


class Road(unittest.TestCase):
    """Each thing is found only through the one before it, from the consumer's endpoint to the container."""

    @classmethod
    def setUpClass(cls):
        cls.found = cloud.Road(only_service()["ServiceName"])

    def holds(self, **checks):
        for name, (actual, expected) in checks.items():
            with self.subTest(name):
                self.assertEqual(actual, expected)

    def test_consumer_endpoint(self):
        endpoint = self.found.endpoint
        zones = self.found.zones_of(endpoint["SubnetIds"])
        self.holds(
            type=(endpoint["VpcEndpointType"], "Interface"),
            accepted=(endpoint["State"], "available"),
            own_vpc=(endpoint["VpcId"] != self.found.service_vpc, True),
            zones=(zones - self.found.zones_of(self.found.balancer_subnets), set()),
            one_subnet_a_zone=(len(zones), len(endpoint["SubnetIds"])),
        )
        blocks = {r["CidrIpv4"] for r in self.found.ingress(endpoint["Groups"][0]["GroupId"])}
        self.assertEqual(blocks, {self.found.block_of(endpoint["VpcId"])}, "from the consumer's own range only")

    def test_endpoint_service(self):
        service = self.found.service
        self.holds(
            acceptance=(service["AcceptanceRequired"], True),
            private_dns=(service["PrivateDnsName"], cloud.PRIVATE_DNS_NAME),
            verified=(service["PrivateDnsNameConfiguration"]["State"], "verified"),
            balancers=(len(service["NetworkLoadBalancerArns"]), 1),
            addresses=(service["SupportedIpAddressTypes"], ["ipv4"]),
        )
        allowed = aws("ec2", "describe-vpc-endpoint-service-permissions", "--service-id", service["ServiceId"])
        self.assertEqual({p["Principal"] for p in allowed["AllowedPrincipals"]} >= {cloud.CONSUMER_PRINCIPAL}, True)

    def test_connection(self):
        found = aws("ec2", "describe-vpc-endpoint-connections",
                    *filters(service_id=self.found.service["ServiceId"]))["VpcEndpointConnections"]
        self.assertIn((self.found.endpoint["VpcEndpointId"], "available"),
                      [(c["VpcEndpointId"], c["VpcEndpointState"]) for c in found])

    def test_notification(self):
        found = aws("ec2", "describe-vpc-endpoint-connection-notifications")["ConnectionNotificationSet"]
        self.assertEqual([n["ServiceId"] for n in found], [self.found.service["ServiceId"]])
        self.assertEqual(set(found[0]["ConnectionEvents"]), {"Accept", "Connect", "Delete", "Reject"})
        topics = {t["TopicArn"] for t in aws("sns", "list-topics")["Topics"]}
        self.assertIn(found[0]["ConnectionNotificationArn"], topics)

    def test_balancer(self):
        balancer = self.found.balancer
        attributes = cloud.attributes("describe-load-balancer-attributes", "--load-balancer-arn",
                                      balancer["LoadBalancerArn"])
        self.holds(
            type=(balancer["Type"], "network"),
            scheme=(balancer.get("Scheme"), "internal"),
            zones=(len(self.found.zones_of(self.found.balancer_subnets)), 3),
            one_vpc=({self.found.subnets[s]["VpcId"] for s in self.found.balancer_subnets}, {balancer["VpcId"]}),
            groups=(len(balancer["SecurityGroups"]), 1),
            cross_zone=(attributes.get("load_balancing.cross_zone.enabled"), "true"),
        )

    def test_listeners(self):
        for listener in self.found.listeners:
            with self.subTest(listener["Port"]):
                self.assertEqual([a["TargetGroupArn"] for a in listener["DefaultActions"]],
                                 [self.found.target["TargetGroupArn"]])
        self.assertEqual({(one["Protocol"], one["Port"]) for one in self.found.listeners}, {("TCP", 80), ("TLS", 443)})

    def test_target_group(self):
        target = self.found.target
        attributes = cloud.attributes("describe-target-group-attributes", "--target-group-arn",
                                      target["TargetGroupArn"])
        self.holds(
            by_address=(target["TargetType"], "ip"),
            protocol=(target["Protocol"], "TCP"),
            vpc=(target["VpcId"], self.found.service_vpc),
            check=((target["HealthCheckProtocol"], target["HealthCheckPath"]), ("HTTP", "/readyz")),
            check_port=(target["HealthCheckPort"] in ("traffic-port", str(target["Port"])), True),
            proxy=(attributes.get("proxy_protocol_v2.enabled"), "true"),
            delay=(int(attributes.get("deregistration_delay.timeout_seconds", 0)) >= 120, True),
            cut=(attributes.get("deregistration_delay.connection_termination.enabled"), "true"),
        )

    def test_service(self):
        service = self.found.ecs_service
        network = service["networkConfiguration"]["awsvpcConfiguration"]
        deployment = service["deploymentConfiguration"]
        self.holds(
            tasks=(service["desiredCount"], MINIMUM),
            launch=(cloud.capacity(service), {"FARGATE"}),
            public=(network["assignPublicIp"], "DISABLED"),
            zones=(len(self.found.zones_of(network["subnets"])), 3),
            rebalancing=(service["availabilityZoneRebalancing"], "ENABLED"),
            circuit_breaker=(deployment["deploymentCircuitBreaker"], {"enable": True, "rollback": True}),
            alarms=((deployment["alarms"]["enable"], deployment["alarms"]["rollback"]), (True, True)),
            shell=(service.get("enableExecuteCommand", False), False),
        )
        known = {a["AlarmName"] for kind in aws("cloudwatch", "describe-alarms").values() for a in kind}
        self.assertLessEqual(set(deployment["alarms"]["alarmNames"]), known)

    def test_container(self):
        block, target = self.found.ecs_service["loadBalancers"][0], self.found.target
        web = self.found.containers[block["containerName"]]
        environment = {v["name"]: v["value"] for v in web["environment"]}
        trusted = ipaddress.ip_network(environment["PROXY_TRUSTED"])
        outside = [b for b in self.found.blocks_of(self.found.balancer_subnets)
                   if not ipaddress.ip_network(b).subnet_of(trusted)]
        self.holds(
            containers=(set(self.found.containers), {"app", "web"}),
            port=([m["containerPort"] for m in web["portMappings"]], [block["containerPort"]]),
            target_port=(target["Port"], block["containerPort"]),
            listens=(environment.get("PORT", "8080"), str(block["containerPort"])),
            proxy=(environment["PROXY_PROTOCOL"], "v2"),
            trusted=(outside, []),
            trusted_in_vpc=(trusted.subnet_of(ipaddress.ip_network(self.found.block_of(self.found.service_vpc))), True),
            waits=([(d["containerName"], d["condition"]) for d in web["dependsOn"]], [("app", "HEALTHY")]),
        )

    def test_consumers(self):
        """The application takes the lines that Terraform makes of the table, and means the same by them."""
        environment = {v["name"]: v["value"] for v in self.found.containers["app"]["environment"]}
        name = "a01234567890123456789012345678901234567890123456789012345678_-z"
        self.assertEqual(set(postern.consumers(environment["POSTERN_CONSUMERS"])), {
            "* other rate=20 burst=30", "- local", "vpce-0123456789abcdef0 globex rate=1 burst=2 denied",
            f"vpce-0123456789abcdef1 {name} rate=100000 burst=1000000 denied",
            f"vpce-abcdef01 {name} rate=100000 burst=1000000 denied"})
        with self.assertRaisesRegex(postern.Refused, "POSTERN_CONSUMERS"):
            postern.consumers(environment["POSTERN_CONSUMERS"].replace("globex", "Globex"))

    def test_socket(self):
        """Both containers hold the one volume with the socket."""
        mounts = {name: {m["containerPath"]: m["sourceVolume"] for m in c["mountPoints"]}
                  for name, c in self.found.containers.items()}
        self.assertEqual(mounts["app"]["/run/postern"], mounts["web"]["/run/postern"])

    def test_images(self):
        repositories = {r["repositoryUri"] for r in aws("ecr", "describe-repositories")["repositories"]}
        for name, container in self.found.containers.items():
            with self.subTest(name):
                repository, digest = container["image"].split("@")
                self.assertIn(repository, repositories)
                self.assertEqual(digest, cloud.DIGESTS[name])

    def test_secrets(self):
        known = {s["ARN"] for s in aws("secretsmanager", "list-secrets")["SecretList"]}
        for secret in self.found.containers["app"]["secrets"]:
            with self.subTest(secret["name"]):
                self.assertIn(":".join(secret["valueFrom"].split(":")[:7]), known)

    def test_scaling(self):
        targets = aws("application-autoscaling", "describe-scalable-targets", "--service-namespace", "ecs")
        self.assertEqual([(t["ResourceId"].split("/")[-1], t["MinCapacity"], t["MaxCapacity"])
                          for t in targets["ScalableTargets"]], [(self.found.ecs_service["serviceName"], 3, 10)])
        policies = aws("application-autoscaling", "describe-scaling-policies", "--service-namespace", "ecs")
        metrics = {p["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
                   ["PredefinedMetricType"] for p in policies["ScalingPolicies"]}
        self.assertEqual(metrics, {"ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"})

    def test_zone(self):
        zone, record = self.found.zone, self.found.record
        self.holds(
            private=(zone["HostedZone"]["Config"]["PrivateZone"], True),
            vpc=([v["VPCId"] for v in zone["VPCs"]], [self.found.service_vpc]),
            alias=(record["AliasTarget"]["DNSName"].rstrip("."), self.found.balancer["DNSName"]),
            zone_id=(record["AliasTarget"]["HostedZoneId"], self.found.balancer["CanonicalHostedZoneId"]),
        )

    def test_security_groups(self):
        balancer = self.found.balancer["SecurityGroups"][0]
        [tasks] = self.found.ecs_service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
        ports = {m["name"]: m["containerPort"] for c in self.found.containers.values()
                 for m in c.get("portMappings", [])}
        out_of_balancer = self.found.egress(balancer)
        into_tasks = {(r["FromPort"], r["ToPort"], r.get("CidrIpv4") or r["ReferencedGroupInfo"]["GroupId"])
                      for r in self.found.ingress(tasks)}
        self.holds(
            tasks=(into_tasks, {(ports["http"], ports["http"], balancer),
                                (ports["metrics"], ports["metrics"], cloud.COLLECTOR)}),
            balancer_to_tasks=({r["ReferencedGroupInfo"]["GroupId"] for r in out_of_balancer}, {tasks}),
            balancer_ports=({r["FromPort"] for r in self.found.ingress(balancer)}, {80, 443}),
        )

    def test_database(self):
        [cluster] = aws("rds", "describe-db-clusters")["DBClusters"]
        [tasks] = self.found.ecs_service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
        [group] = [g["VpcSecurityGroupId"] for g in cluster["VpcSecurityGroups"]]
        self.holds(
            engine=(cluster["Engine"], "aurora-postgresql"),
            encrypted=(cluster["StorageEncrypted"], True),
            port=({r["FromPort"] for r in self.found.ingress(group)}, {5432}),
            tasks=(tasks in {r["ReferencedGroupInfo"]["GroupId"] for r in self.found.ingress(group)}, True),
        )

    def test_instances(self):
        instances = [i for r in aws("ec2", "describe-instances")["Reservations"] for i in r["Instances"]]
        self.assertEqual({i["VpcId"] for i in instances}, {self.found.service_vpc, self.found.endpoint["VpcId"]})
        for instance in instances:
            with self.subTest(instance["InstanceId"]):
                self.assertNotIn("PublicIpAddress", instance)
                self.assertNotIn("KeyName", instance)
                self.assertIn("IamInstanceProfile", instance)

    def test_aws_endpoints(self):
        wanted = {"ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "ec2messages", "s3"}
        found = aws("ec2", "describe-vpc-endpoints", *filters(vpc_id=self.found.service_vpc))["VpcEndpoints"]
        self.assertLessEqual(wanted, {e["ServiceName"].split(".", 3)[3] for e in found})

    def test_no_way_out(self):
        gateways = aws("ec2", "describe-internet-gateways")["InternetGateways"]
        attached = {attachment["VpcId"] for gateway in gateways for attachment in gateway["Attachments"]}
        self.assertEqual(attached & {self.found.service_vpc, self.found.endpoint["VpcId"]}, set())
        self.assertEqual(aws("ec2", "describe-nat-gateways")["NatGateways"], [])


class Refused(unittest.TestCase):
    """Bad input that only somebody who asks AWS can tell."""

    def test_zone(self):
        internal = cloud.Road(only_service()["ServiceName"]).zone["HostedZone"]["Id"]
        zones = {internal: r"names\s+a\s+private\s+zone",
                 cloud.zone("other.example"): r"is\s+not\s+within\s+the\s+zone"}
        for zone, sentence in zones.items():
            with self.subTest(sentence), self.assertRaisesRegex(terraform.Failure, sentence):
                COPY.plan("-refresh=false", "-var=private_dns_zone_id=" + zone.removeprefix("/hostedzone/"))


class ConsumerAccount(unittest.TestCase):
    """The consumer's side alone, in another account: it waits until it is accepted."""

    @classmethod
    def setUpClass(cls):
        cls.consumer = CONSUMER.result()

    def states(self):
        found = aws("ec2", "describe-vpc-endpoint-connections")["VpcEndpointConnections"]
        return {c["VpcEndpointId"]: c["VpcEndpointState"] for c in found
                if c["VpcEndpointOwner"] == cloud.CONSUMER_ACCOUNT}

    def test_second_plan_is_empty(self):
        self.assertEqual(terraform.changes(self.consumer.plan()), {})

    def test_waits_until_accepted(self):
        [(endpoint, state)] = self.states().items()
        self.assertEqual(state, "pendingAcceptance")
        COPY.variables["consumers"] = cloud.consumers(endpoint)
        changes = terraform.changes(COPY.plan())
        self.assertEqual({a: c for a, c in changes.items() if "endpoint" in a},
                         {f'aws_vpc_endpoint_connection_accepter.this["{endpoint}"]': "create"})
        COPY.apply()
        self.assertEqual(self.states(), {endpoint: "available"})
        [app] = [c for n, c in cloud.Road(only_service()["ServiceName"]).containers.items() if n == "app"]
        self.assertIn(f"{endpoint} acme rate=50", json.dumps(app["environment"]))

    def test_stranger_is_refused(self):
        """The service does not exist for an account that is no principal."""
        stranger = account("333333333333")
        with self.assertRaisesRegex(Failure, "InvalidServiceName"):
            aws("ec2", "create-vpc-endpoint", "--vpc-id", "vpc-1", "--vpc-endpoint-type", "Interface",
                "--service-name", only_service()["ServiceName"], environment=stranger)


class NewImage(unittest.TestCase):
    def test_only_tasks_change(self):
        name = only_service()["ServiceName"]
        old = cloud.Road(name).task_definition
        COPY.variables["app_image_digest"] = cloud.OTHER_DIGEST
        changes = terraform.changes(COPY.plan())
        # Of what is in AWS; terraform_data is Terraform's own.
        kinds = {address.split("[")[0].split(".")[-2] for address in changes} - {"terraform_data"}
        self.assertEqual(kinds, {"aws_ecs_task_definition", "aws_ecs_service"}, changes)
        COPY.apply()
        new = cloud.Road(name)
        self.assertNotEqual(new.ecs_service["taskDefinition"], old["taskDefinitionArn"])
        self.assertTrue(new.containers["app"]["image"].endswith("@" + cloud.OTHER_DIGEST))
        self.assertTrue(new.containers["web"]["image"].endswith("@" + cloud.DIGESTS["web"]))
        self.assertEqual(terraform.changes(COPY.plan()), {})


class NewDatabaseVersion(unittest.TestCase):
    def test_no_instance_is_made_anew(self):
        changes = terraform.changes(COPY.plan("-var=database_engine_version=16.9"))
        self.assertIn("aws_rds_cluster.this", changes)
        self.assertEqual(set(changes.values()), {"update"}, changes)


class RolledBack(unittest.TestCase):
    """ECS has gone back to the former revision by itself."""

    def test_it_stays_until_it_is_asked_for(self):
        ecs = COPY.outputs()["ecs"]
        family, revision = ecs["newest_task_definition"].rsplit(":", 1)
        former = f"{family}:{int(revision) - 1}"
        aws("ecs", "update-service", "--cluster", ecs["cluster"], "--service", ecs["service"],
            "--task-definition", former)
        service = "module.service.aws_ecs_service.this"
        self.assertIn(service, terraform.changes(COPY.plan("-var=log_retention_days=60")))
        kept = COPY.plan("-var=log_retention_days=60", "-var=task_definition=" + former)
        self.assertNotIn(service, terraform.changes(kept))
        self.assertEqual(kept["planned_values"]["outputs"]["ecs"]["value"],
                         dict(ecs, task_definition=former))


class ChosenOnce(unittest.TestCase):
    def refuses(self, sentence, **variables):
        arguments = [f"-var={name}={value}" for name, value in variables.items()]
        with self.assertRaises(terraform.Failure) as refusal:
            # What is there is in the state. In another region the provider would look for it for minutes.
            COPY.plan("-refresh=false", *arguments)
        self.assertIn(sentence, " ".join(str(refusal.exception).replace("│", " ").split()))

    def test_a_fourth_zone_moves_nothing(self):
        zones = json.dumps(["euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4"])
        changes = terraform.changes(COPY.plan("-var=availability_zone_ids=" + zones))
        made = [address for address, action in changes.items() if ".aws_subnet." in address and action == "create"]
        self.assertEqual(len(made), 6, changes)
        self.assertEqual([address for address, action in changes.items() if "delete" in action
                          and ".terraform_data." not in "." + address], [])

    def test_a_zone_that_would_move(self):
        self.refuses("is deployed in the zones euw2-az1, euw2-az2, euw2-az3, and would be in euw2-az2, euw2-az1",
                     availability_zone_ids=json.dumps(["euw2-az2", "euw2-az1", "euw2-az3"]))

    def test_another_name(self):
        self.refuses("This is deployed under the name postern.", name="gate")

    def test_another_region(self):
        self.refuses("This is deployed in eu-west-2. With region eu-west-1", region="eu-west-1",
                     supported_regions=json.dumps(["eu-west-2"]),
                     certificate_arn=COPY.variables["certificate_arn"].replace(cloud.REGION, "eu-west-1"))


class Withdrawn(unittest.TestCase):
    """A region and the private name are taken back, and a consumer has deleted its endpoint."""

    def test_all_at_once(self):
        [left] = json.loads(COPY.variables["consumers"])["acme"]["endpoint_ids"]
        aws("ec2", "delete-vpc-endpoints", "--vpc-endpoint-ids", left, environment=account(cloud.CONSUMER_ACCOUNT))
        connections = aws("ec2", "describe-vpc-endpoint-connections")["VpcEndpointConnections"]
        COPY.variables["connected_endpoint_ids"] = json.dumps([c["VpcEndpointId"] for c in connections
                                                               if c["VpcEndpointId"] != left])
        COPY.variables["supported_regions"] = "[]"
        del COPY.variables["private_dns_zone_id"]
        COPY.nothing("private_dns_name", "private_dns_zone_id")
        said = " ".join(COPY.apply().replace("│", " ").split())
        self.assertIn(f"AWS has no endpoint {left} for this service", said)
        service = only_service()
        self.assertEqual([region["Region"] for region in service["SupportedRegions"]], [cloud.REGION])
        self.assertFalse(service.get("PrivateDnsName"))
        self.assertFalse(cloud.Road(service["ServiceName"]).endpoint["PrivateDnsEnabled"])
        self.assertEqual(terraform.changes(COPY.plan()), {})


class Destroyed(unittest.TestCase):
    def test_nothing_is_left(self):
        CONSUMER.result().destroy()
        status, text = COPY.command("destroy")
        self.assertEqual(status, 0, text)
        self.assertIn("what is left costs nothing", text)
        for command, left in cloud.left_over().items():
            with self.subTest(command):
                self.assertEqual(left, [])


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
