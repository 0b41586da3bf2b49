#!/usr/bin/env python3
"""Everything that the other programs have recorded, held against AWS's own models and its prose. tests/iac/run runs it
last; it writes the line `N requests, N operations of N services, N violations` to build/iac/requests.txt.

Each kind of violation is also seen found, in a recorded request that is changed as it came over the wire.
"""

import json
import os
import re
import sys
import unittest
import urllib.parse

import removing
import suite
import terraform
from wire import call, calls, policy, prose, record, scripts, shape

IAC = os.path.join(terraform.TOP, "iac")
ANEW = "if Terraform and the commands rightly send this, make the policies anew: tests/iac/deployer-policy --write"
REQUESTS, CALLS, WRONG = [], [], []


def setUpModule():
    REQUESTS[:] = calls.recorded()
    found, wrong = calls.read(REQUESTS)
    CALLS[:], WRONG[:] = found, wrong


def violations(found):
    return [*shape.violations(found), *prose.violations(found)]


def summary():
    """The line, and a line for each violation with how often it is there."""
    said = {}
    for found in CALLS:
        for violation in violations(found):
            said[str(violation)] = said.get(str(violation), 0) + 1
    for text in WRONG:
        said[text] = said.get(text, 0) + 1
    operations = {found.name for found in CALLS}
    services = {found.service for found in CALLS}
    return (f"{len(REQUESTS)} requests, {len(operations)} operations of {len(services)} services, "
            f"{sum(said.values())} violations"), [f"{count} × {text}" for text, count in said.items()]


class Recorded(unittest.TestCase):
    maxDiff = None

    def test_every_request_is_as_aws_takes_it(self):
        line, said = summary()
        with open(os.path.join(terraform.BUILD, "requests.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join([*said, line]) + "\n")
        self.assertTrue(CALLS, "nothing was recorded; run tests/iac/run without arguments")
        self.assertEqual(said, [])

    def test_everybody_sends(self):
        self.assertEqual({request.sender for request in REQUESTS}, set(calls.PROJECT))

    def test_every_operation_of_the_commands_is_sent(self):
        """By the command itself, or by a test that runs what it prints."""
        called, printed, wrong = scripts.named(os.path.join(IAC, "bin"))
        self.assertEqual(wrong, [], "no such operation")
        sent = {found.name for found in CALLS if found.request.sender in ("cli", "mend")}
        self.assertEqual({name: at for name, at in called.items() if name not in sent}, {}, "no command sent it")
        sent = {found.name for found in CALLS}
        self.assertEqual({name: at for name, at in printed.items() if name not in sent}, {}, "nobody sent it")

    def test_every_removal_is_tried_twice(self):
        """By test_emulator.py."""
        sent = {found.name for found in CALLS if removing.takes_away(found.name)}
        self.assertEqual(sent - {row.call for row in removing.ROWS}, set(), "removing.py has no row")


class Policy(unittest.TestCase):
    """iac/deployer-policy*.json; `tests/iac/deployer-policy --write` makes it anew."""
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.calls = [found for found in CALLS if found.request.sender in calls.DEPLOYER]
        cls.given = {}
        for name in policy.policies(set()):
            with open(os.path.join(IAC, name), encoding="utf-8") as file:
                cls.given[name] = json.load(file)

    def refused(self, change=None):
        """What is not allowed by the policies, or by a copy in which a function has changed one text."""
        text = json.dumps(list(self.given.values()))
        return policy.refused(json.loads(change(text) if change else text), self.calls)

    def test_every_call_is_allowed(self):
        self.assertEqual(self.refused(), [], ANEW)

    def test_nothing_more_is_allowed(self):
        self.assertEqual(policy.unsent(self.given.values(), self.calls), [], ANEW)

    def test_it_is_as_it_is_made(self):
        self.assertEqual(self.given, policy.policies(policy.needed(self.calls)), ANEW)

    def test_it_fits(self):
        for name, given in self.given.items():
            with self.subTest(name):
                self.assertLessEqual(policy.size(given), policy.SIZE)

    def test_lack_is_found(self):
        changes = {
            "ecs:CreateCluster is not allowed": ('"ecs:CreateCluster", ', ""),
            "iam:PassRole is not allowed": ('"iam:PassRole"', '"iam:PassNone"'),
            "ec2:CreateTags is not allowed": ('"ec2:CreateTags", ', ""),
            "is not allowed on arn:aws:ecr:": ("repository/postern/", "repository/other/"),
            "is not allowed for arn:aws:iam::aws:policy/": ("AmazonSSM", "AmazonOther"),
            "is not allowed on arn:aws:iam::": ("role/postern-", "role/other-"),
        }
        for sentence, (old, new) in changes.items():
            with self.subTest(sentence):
                self.assertRegex("\n".join(self.refused(lambda text, a=old, b=new: text.replace(a, b))), sentence)

    def test_excess_is_found(self):
        for name in ("ec2:CreateInternetGateway", "ecs:DeleteTaskSet", "iam:CreateUser"):
            with self.subTest(name):
                more = {"Statement": [{"Action": [name], "Resource": "*"}]}
                self.assertEqual(policy.unsent([*self.given.values(), more], self.calls), [name])


# ---- Changes of a request as it came over the wire


def form(name, value=None, instead=None):
    """Sets a parameter of a form, or takes it away; `name` is an expression for one that is there, or a new name."""
    def change(request):
        pairs = urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True)
        there = next((key for key, _ in pairs if re.fullmatch(name, key)), instead)
        if there is None:
            return None
        pairs = [(key, given) for key, given in pairs if key != there] + ([(there, value)] if value is not None else [])
        return request._replace(body=urllib.parse.urlencode(pairs).encode())
    return change


def member(path, value=None):
    """The same for a member of JSON, whose path has names and numbers."""
    def change(request):
        data = json.loads(request.body)
        *heads, last = path
        at = data
        for head in heads:
            try:
                at = at[head]
            except (KeyError, IndexError):
                return None
        if value is None:
            if last not in at:
                return None
            del at[last]
        else:
            at[last] = value
        return request._replace(body=json.dumps(data).encode())
    return change


def text(old, new):
    """The same for text of an XML body."""
    def change(request):
        body = re.sub(old, new, request.body.decode(), count=1)
        return request._replace(body=body.encode()) if body != request.body.decode() else None
    return change


def part(**changed):
    """Another part of the request itself."""
    return lambda request: request._replace(**changed)


def headed(name, value):
    return lambda request: request._replace(headers={**request.headers, name: value})


DESCRIPTION = r"IpPermissions\.1\.(IpRanges|Groups)\.1\.Description"
TARGETS = "ecs:RegisterTaskDefinition"
# Kind → (call, change) of one request or several, a protocol each.
MUTATIONS = {
    "required": [("elbv2:CreateTargetGroup", form("Name")), ("ec2:CreateSecurityGroup", form("GroupName")),
                 ("ecs:CreateService", member(["serviceName"])), ("rds-data:ExecuteStatement", member(["sql"])),
                 ("route53:ChangeResourceRecordSets", text("<Action>.*?</Action>", ""))],
    "unknown": [("rds:CreateDBCluster", form("Engines", "x", "Engines")), ("ec2:CreateVpc", form("Cidr", "x", "Cidr")),
                ("ecs:CreateCluster", member(["name"], "x")), ("rds-data:ExecuteStatement", member(["query"], "x")),
                ("route53:ChangeResourceRecordSets", text("</ChangeBatch>", "<Other>1</Other></ChangeBatch>"))],
    "union": [("rds-data:ExecuteStatement", member(["parameters", 0, "value"], {"stringValue": "x", "longValue": 1}))],
    "enum": [("elbv2:CreateListener", form("Protocol", "UTP")),
             ("ec2:CreateVpcEndpoint", form("VpcEndpointType", "Outer")),
             ("ecs:CreateService", member(["launchType"], "FAR_GATE")),
             ("route53:ChangeResourceRecordSets", text("<Action>.*?</Action>", "<Action>PUT</Action>"))],
    "pattern": [("iam:CreateRole", form("RoleName", "a role")),
                ("ecr:CreateRepository", member(["repositoryName"], "A B"))],
    "length": [("iam:CreateRole", form("RoleName", "x" * 65)),
               ("rds-data:ExecuteStatement", member(["resourceArn"], "x"))],
    "range": [("elbv2:CreateTargetGroup", form("Port", "65536")),
              ("secretsmanager:GetRandomPassword", member(["PasswordLength"], 5000))],
    "type": [("elbv2:CreateTargetGroup", form("Port", "http")),
             ("ec2:CreateVpcEndpoint", form("PrivateDnsEnabled", "yes")),
             ("ecs:CreateService", member(["loadBalancers"], "web")), ("ecs:CreateService", member(["tags"], {}))],
    "bytes": [("ec2:CreateSecurityGroup", form("GroupDescription", "x" * 256))],
    "characters": [("ec2:CreateSecurityGroup", form("GroupDescription", "the service's ports")),
                   ("ec2:AuthorizeSecurityGroupIngress", form(DESCRIPTION, "the tasks' port")),
                   ("elbv2:CreateLoadBalancer", form("Name", "internal-postern"))],
    "listed": [("logs:PutRetentionPolicy", member(["retentionInDays"], 31))],
    "between": [(TARGETS, member(["containerDefinitions", 0, "healthCheck"], {"command": ["CMD"], "interval": 1}))],
    "document": [("iam:CreateRole", form("AssumeRolePolicyDocument", "{"))],
    "combination": [(TARGETS, member(["cpu"], "300"))],
    "tag": [("ec2:CreateVpc", form(r"TagSpecification\.1\.Tag\.1\.Value", "a|b")),
            ("ecs:CreateCluster", member(["tags", 0, "value"], "a|b"))],
}
UNREADABLE = [("ecs:CreateCluster", headed("x-amz-target", "AmazonEC2ContainerServiceV20141113.MakeCluster")),
              ("ec2:CreateVpc", form("Action", "MakeVpc")), ("ec2:CreateVpc", part(service="ec3")),
              ("rds-data:ExecuteStatement", part(path="/Executed")), ("ecs:CreateCluster", part(body=b"{")),
              ("ecs:CreateCluster", headed("smithy-protocol", "rpc-v2-cbor"))]


def changed(name, change):
    """The first recorded request of that call that the change fits, changed."""
    for found in CALLS:
        if found.name == name:
            request = change(found.request)
            if request is not None:
                return request
    raise AssertionError(f"no request of {name} was recorded that the change fits")


class Mutations(unittest.TestCase):
    def test_every_kind_has_one(self):
        self.assertEqual(set(MUTATIONS), {*shape.KINDS, *prose.KINDS})

    def test_each_is_found(self):
        for kind, given in MUTATIONS.items():
            for name, change in given:
                with self.subTest(kind, call=name):
                    found = violations(call.of(changed(name, change)))
                    self.assertIn(kind, [violation.kind for violation in found])

    def test_what_cannot_be_read_is_found(self):
        for number, (name, change) in enumerate(UNREADABLE):
            with self.subTest(number, call=name), self.assertRaises(call.Unreadable):
                call.of(changed(name, change))

    def test_every_row_of_prose_refuses(self):
        for row in prose.ROWS:
            with self.subTest(row.calls, path=row.path):
                self.assertIsNotNone(row.fault(row.wrong))

    def test_every_row_of_prose_leads_somewhere(self):
        for row in prose.ROWS:
            with self.subTest(row.calls, path=row.path):
                service = row.calls.split(":")[0]
                model = call.model(service)
                shapes = [model.operation_model(name).input_shape for name in model.operation_names
                          if re.fullmatch(row.calls, f"{service}:{name}")]
                self.assertTrue(any(leads(given, row.path) for given in shapes))

    def test_command_that_is_none_is_found(self):
        lines = {"aws ecs make-cluster": [], "aws ecs wait tasks-gone": [], "fetch x ec2 describe-nothing": [],
                 "aws ecs wait tasks-stopped --cluster x": ["ecs:DescribeTasks"],
                 "statement batch-execute-statement --sql x": ["rds-data:BatchExecuteStatement"]}
        for line, names in lines.items():
            with self.subTest(line):
                found = [match for pattern in scripts.FORMS for match in re.finditer(pattern, line)]
                self.assertEqual([scripts.spelled(match) for match in found], [names])

    def test_senders(self):
        agents = {"aws-cli/2 md/x": "cli", "aws-cli/2 app/test": "test", "aws-cli/1 app/mend": "mend",
                  "APN/1.0 HashiCorp/1.0 Terraform/1.11 for-consumer": "consumer",
                  "APN/1.0 HashiCorp/1.0 Terraform/1.11.4": "terraform", "Boto3/1": "test"}
        for agent, sender in agents.items():
            with self.subTest(agent):
                self.assertEqual(record.of("GET", "/", "", [("User-Agent", agent)], b"").sender, sender)


def leads(given, path):
    """True if the shape has members where the path says."""
    if not path:
        return given is not None
    head, _, rest = path.partition(".")
    return any(leads(found.member if head.endswith("[]") else found, rest)
               for name, found in given.members.items() if re.fullmatch(head.removesuffix("[]"), name))


if __name__ == "__main__":
    sys.exit(suite.main())
