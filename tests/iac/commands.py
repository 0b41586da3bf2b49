"""A copy of iac/ and what its commands call: the AWS CLI asks a listener of the test's own, every other tool is a
stub. Both note their calls.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import aws_server
from aws import sender
from wire.listener import Listener

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
# The longest asks AWS a hundred times.
TIMEOUT_S = 600
STUBBED = ["terraform", "aws", "docker", "curl", "make", "sleep"]
NOTED = ["bash", "cat", "cut", "date", "dirname", "git", "grep", "jq", "mktemp", "mv", "rm", "sed", "sh", "sort", "tr"]
PASSWORD = "TheRolesOwnPassword"
LOGIN = "TheRegistrysPassword"
DIGEST = "sha256:" + "ab" * 32
REGION, NUMBER = "eu-west-2", "111122223333"


def arn(service, name):
    return f"arn:aws:{service}:{REGION}:{NUMBER}:{name}"


PAIR = arn("ecs", "task-definition/postern:2")
OLD_PAIR = PAIR.replace(":2", ":1")
TASK = arn("ecs", "task/postern/0123456789abcdef0123456789abcdef")
MASTER_SECRET, ROLE_SECRET = (arn("secretsmanager", "secret:" + name) for name in ("rds!cluster-1-abcdef",
                                                                                   "postern/database-abcdef"))
INSTANCES = {"service_vpc": "i-0123456789abcdef0", "consumer_vpc": "i-0123456789abcdef1"}

OUTPUTS = {
    "region": REGION,
    "deletion_protection": False,
    "image_digests": {"app": DIGEST, "web": DIGEST},
    "registry": {"region": REGION, "cpu_architecture": "X86_64", "urls": {
        image: f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com/postern/{image}" for image in ("app", "web")}},
    "database": {"region": REGION, "cluster_arn": arn("rds", "cluster:postern"), "master_secret_arn": MASTER_SECRET,
                 "role_secret_arn": ROLE_SECRET, "name": "postern"},
    "migration": {"region": REGION, "cluster": "postern", "task_definition": "postern-migrate:1",
                  "subnet_ids": ["subnet-1"], "security_group_id": "sg-1", "log_group": "/postern/migrate"},
    "ecs": {"cluster": "postern", "service": "postern", "task_definition": PAIR},
    "instance_ids": INSTANCES,
    "urls": {"service_vpc": "http://one", "consumer_vpc": "http://two"},
    "ssm_commands": {"service_vpc": "log in"},
    "curl_lines": {"service_vpc": ["curl http://one"]},
    "endpoint_service_id": "vpce-svc-1",
    "consumer_endpoint_id": "vpce-1",
}


DEPLOYMENT = "ecs-svc/0000000000000000001"


def rollout(state, task_definition=PAIR, reason="", identifier=DEPLOYMENT):
    """What ECS says of a deployment, and of the one before it."""
    primary = {"id": identifier, "status": "PRIMARY", "rolloutState": state, "rolloutStateReason": reason,
               "runningCount": 1, "desiredCount": 3, "failedTasks": 0, "taskDefinition": task_definition}
    return {"services": [{"deployments": [{"status": "ACTIVE", "rolloutState": "COMPLETED"}, primary]}]}


def ended(status):
    """The migration's task, by its exit status."""
    return {"tasks": [{"taskArn": TASK, "lastStatus": "STOPPED", "containers": [{"exitCode": status}]}]}


def secret(password, login="postern_1"):
    return {"ARN": ROLE_SECRET, "VersionId": "EXAMPLE1-90ab-cdef-fedc-ba987EXAMPLE",
            "SecretString": json.dumps({"username": login, "password": password})}


IMAGE = {"imageDetails": [{"imageDigest": DIGEST}]}
# What AWS answers: the operation → the members of the answer.
ANSWERS = {
    "sts:GetCallerIdentity": {"Account": NUMBER, "Arn": f"arn:aws:iam::{NUMBER}:user/test", "UserId": "AIDATEST"},
    "ecr:DescribeImages": IMAGE,
    "ecr:GetAuthorizationToken": {"authorizationData": [{
        "authorizationToken": base64.b64encode(f"AWS:{LOGIN}".encode()).decode(),
        "proxyEndpoint": f"https://{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"}]},
    "secretsmanager:GetSecretValue": secret(PASSWORD),
    "secretsmanager:GetRandomPassword": {"RandomPassword": PASSWORD},
    "secretsmanager:PutSecretValue": {},
    "rds-data:BeginTransaction": {"transactionId": "t"},
    "rds-data:ExecuteStatement": {},
    "rds-data:BatchExecuteStatement": {},
    "rds-data:CommitTransaction": {"transactionStatus": "committed"},
    "rds-data:RollbackTransaction": {"transactionStatus": "rolled back"},
    "ecs:RunTask": {"tasks": [{"taskArn": TASK}], "failures": []},
    "ecs:DescribeTasks": ended(0),
    "ecs:DescribeServices": rollout("COMPLETED"),
    "ecs:UpdateService": {"service": rollout("IN_PROGRESS")["services"][0]},
    "ecs:ListTaskDefinitions": {"taskDefinitionArns": []},
    "logs:DescribeLogGroups": {"logGroups": []},
    "rds:DescribeDBClusterSnapshots": {"DBClusterSnapshots": []},
    "logs:GetLogEvents": {"events": [{"message": "the schema went from version 0 to 1"}]},
    "ssm:DescribeInstanceInformation": {"InstanceInformationList": [{"PingStatus": "Online"}]},
    "ssm:SendCommand": {"Command": {"CommandId": "11111111-2222-3333-4444-555555555555"}},
    "ssm:GetCommandInvocation": {"Status": "Success", "StandardOutputContent": "200", "StandardErrorContent": ""},
    "ec2:RejectVpcEndpointConnections": {"Unsuccessful": []},
    "ec2:DescribeVpcEndpointConnections": {"VpcEndpointConnections": [
        {"VpcEndpointId": "vpce-1", "VpcEndpointState": "available"}]},
}


def plan(**changes):
    """As `terraform show -json` has a plan: address, with __ for a dot, → actions."""
    return [0, json.dumps({"resource_changes": [
        {"address": address.replace("__", "."), "type": address.split("__")[-2], "mode": "managed",
         "change": {"actions": actions}} for address, actions in changes.items()]})]


# What other tools print: the command's words → [status, output].
STUBS = {
    "docker image inspect": [0, "amd64\n"],
    # Status 2: there is something to change.
    "terraform plan": [2, ""],
    "terraform show repositories": plan(aws_ecr_repository__image=["create"]),
    "terraform show all": plan(aws_lb__this=["create"]),
}


def state(*resources):
    """As `terraform show -json` has it, one of them in a module."""
    given = [{"address": address, "mode": "managed", "type": address.split(".")[-2], "values": values}
             for address, values in resources]
    inner = [resource for resource in given if resource["address"].startswith("module.")]
    outer = [resource for resource in given if resource not in inner]
    read = {"address": "data.aws_partition.current", "mode": "data", "type": "aws_partition", "values": {}}
    return [0, json.dumps({"format_version": "1.0", "values": {"root_module": {
        "resources": [read] + outer, "child_modules": [{"address": "module.m", "resources": inner}]}}})]


SERVICE = ("aws_vpc_endpoint_service.this", {
    "tags_all": {"Project": "postern"}, "id": "vpce-svc-1", "arn": arn("ec2", "vpc-endpoint-service/vpce-svc-1")})
ENDPOINT = ("module.consumer_endpoint.aws_vpc_endpoint.this", {"id": "vpce-1"})
CLUSTER = ("aws_rds_cluster.this", {
    "tags_all": {"Project": "postern"}, "arn": arn("rds", "cluster:postern"), "cluster_identifier": "postern",
    "deletion_protection": True, "skip_final_snapshot": False})
BALANCER = ("aws_lb.this", {"enable_deletion_protection": False})
REPOSITORY = ('aws_ecr_repository.image["app"]', {
    "tags_all": {"Project": "postern"}, "arn": arn("ecr", "repository/postern/app"), "force_delete": False})


def outputs(**changed):
    return [0, json.dumps({name: {"value": value} for name, value in (OUTPUTS | changed).items()})]


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix="postern-aws-")
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.aws = cls.enterClassContext(aws_server.Server(folder)).program

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="postern-commands-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.bin = os.path.join(self.folder, "bin")
        os.makedirs(self.bin)
        os.makedirs(os.path.join(self.folder, "images", "ca"))
        for tool in STUBBED:
            os.symlink(os.path.join(HERE, "inputs", "stub"), os.path.join(self.bin, tool))
        shutil.copytree(os.path.join(TOP, "iac"), os.path.join(self.folder, "iac"),
                        ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tf"))
        engine = os.path.join(self.folder, "images", "engine")
        with open(engine, "w", encoding="utf-8") as file:
            file.write('#!/bin/sh\nexec "$@"\n')
        os.chmod(engine, 0o755)
        git = ["git", "-C", self.folder, "-c", "user.name=test", "-c", "user.email=test@example.com"]
        for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "test"]):
            subprocess.run(git + words, check=True)
        self.listener = self.enterContext(Listener())

    @property
    def credentials(self):
        return {"AWS_ENDPOINT_URL": self.listener.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                "AWS_REGION": REGION}

    def run_command(self, command, *options, yes=True, path=None, aws=None, **stubs):
        """`aws` holds answers of AWS that differ from ANSWERS, `stubs` those of other tools, spelled docker__login,
        and variables of the environment."""
        variables = {key: stubs.pop(key) for key in list(stubs) if key.isupper() or key.startswith("TF_VAR_")}
        stubs = STUBS | {key.replace("__", " ").replace("_", "-"): value for key, value in stubs.items()}
        stubs.setdefault("terraform output", outputs())
        stubs.setdefault("terraform show", state(SERVICE, ENDPOINT, BALANCER))
        self.listener.answers = ANSWERS | (aws or {})
        self.listener.forget()
        with open(os.path.join(self.folder, "answers.json"), "w", encoding="utf-8") as file:
            json.dump(stubs, file)
        open(os.path.join(self.folder, "turns"), "w", encoding="utf-8").close()
        # Nothing of the person's own account may leak in. What AWS refuses is not asked for again.
        environment = {"PATH": path or self.bin + ":/usr/bin:/bin", "STUBS": self.folder, "HOME": self.folder,
                       "AWS_CLI": self.aws, "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true"}
        environment |= self.credentials | variables
        if yes:
            environment["YES"] = "yes"
        done = subprocess.run([os.path.join(self.folder, "iac", "bin", command), *options], env=environment,
                              text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def run_printed(self, command):
        """A command of the AWS CLI that was printed for a person, as it was printed."""
        environment = {"PATH": f"{os.path.dirname(self.aws)}:/usr/bin:/bin", "HOME": self.folder}
        subprocess.run(["bash", "-c", command], env=environment | self.credentials | sender("mend"), check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=240)

    def calls(self):
        """Every tool that was called, in order."""
        try:
            with open(os.path.join(self.folder, "calls"), encoding="utf-8") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def noted(self):
        """A folder of tools that note their arguments, and with the stubs all that a command finds on its PATH; and
        the file of notes. A process that is called by any other way is a failure of the command."""
        folder, notes = os.path.join(self.folder, "noted"), os.path.join(self.folder, "arguments")
        os.makedirs(folder)
        for tool in NOTED:
            os.symlink(os.path.join(HERE, "inputs", "noted"), os.path.join(folder, tool))
        os.symlink(sys.executable, os.path.join(folder, "python3"))
        return f"{self.bin}:{folder}", notes

    def asked(self, name):
        """What AWS was asked in calls of "service:Operation": their members."""
        return [call.members for call in self.listener.calls if call.name == name]

    def lines(self):
        return [" ".join(call["argv"]) for call in self.calls()]

    def assert_order(self, *parts):
        lines, at = self.lines(), 0
        for part in parts:
            found = [i for i in range(at, len(lines)) if part in lines[i]]
            self.assertTrue(found, f"{part} is missing after line {at} of:\n" + "\n".join(lines))
            at = found[0] + 1

    def assert_not_called(self, part):
        self.assertEqual([line for line in self.lines() if part in line], [])
