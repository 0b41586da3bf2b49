#!/usr/bin/env python3
"""What make plan, deploy and destroy do, in which order, and where they stop: every tool they call is a stub."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import suite

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
STUBBED = ["terraform", "aws", "docker", "curl", "make", "sleep"]
PASSWORD = "TheRolesOwnPassword"
DIGEST = "sha256:" + "ab" * 32
PAIR = "arn:aws:ecs:eu-west-2:111122223333:task-definition/postern:2"
OLD_PAIR = PAIR.replace(":2", ":1")

OUTPUTS = {
    "region": "eu-west-2",
    "deletion_protection": False,
    "image_digests": {"app": DIGEST, "web": DIGEST},
    "registry": {"region": "eu-west-2", "cpu_architecture": "X86_64", "urls": {
        image: "111122223333.dkr.ecr.eu-west-2.amazonaws.com/postern/" + image for image in ("app", "web")}},
    "database": {"region": "eu-west-2", "cluster_arn": "cluster", "master_secret_arn": "master-secret",
                 "role_secret_arn": "role-secret", "name": "postern", "role": "postern"},
    "migration": {"region": "eu-west-2", "cluster": "postern", "task_definition": "postern-migrate:1",
                  "subnet_ids": ["subnet-1"], "security_group_id": "sg-1", "log_group": "/postern/migrate"},
    "ecs": {"cluster": "postern", "service": "postern", "task_definition": PAIR},
    "instance_ids": {"service_vpc": "i-1", "consumer_vpc": "i-2"},
    "urls": {"service_vpc": "http://one", "consumer_vpc": "http://two"},
    "ssm_commands": {"service_vpc": "log in"},
    "curl_lines": {"service_vpc": ["curl http://one"]},
    "endpoint_service_id": "vpce-svc-1",
    "consumer_endpoint_id": "vpce-1",
}


def rollout(state, task_definition=PAIR, reason=""):
    """What ECS says of a deployment, and of the one before it."""
    primary = {"status": "PRIMARY", "rolloutState": state, "rolloutStateReason": reason, "runningCount": 1,
               "desiredCount": 3, "failedTasks": 0, "taskDefinition": task_definition}
    return [0, json.dumps([{"status": "ACTIVE", "rolloutState": "COMPLETED"}, primary])]


ANSWERS = {
    "aws sts get-caller-identity": [0, "111122223333\n"],
    "aws ecr describe-images": [0, DIGEST + "\n"],
    "aws secretsmanager get-secret-value": [0, json.dumps({"username": "postern", "password": PASSWORD})],
    "aws secretsmanager get-random-password": [0, json.dumps({"RandomPassword": PASSWORD})],
    "aws rds-data begin-transaction": [0, '{"transactionId": "t"}'],
    "aws rds-data": [0, "{}"],
    "aws ecs run-task": [0, '{"tasks": [{"taskArn": "task/postern/1"}], "failures": []}'],
    "aws ecs describe-tasks": [0, '{"containers": [{"exitCode": 0}]}'],
    "aws ecs describe-services": rollout("COMPLETED"),
    "aws logs get-log-events": [0, '["the schema went from version 0 to 1"]'],
    "aws ssm describe-instance-information": [0, "Online\n"],
    "aws ssm send-command": [0, "command\n"],
    "aws ssm get-command-invocation": [0, '{"Status": "Success", "StandardOutputContent": "200", '
                                          '"StandardErrorContent": ""}'],
    "aws ec2 describe-vpc-endpoint-connections": [0, '{"VpcEndpointConnections": '
                                                     '[{"VpcEndpointId": "vpce-1", "VpcEndpointState": "available"}]}'],
    "docker image inspect": [0, "amd64\n"],
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


SERVICE = ("aws_vpc_endpoint_service.this", {"id": "vpce-svc-1", "arn": "arn:aws:ec2:eu-west-2:1:x/vpce-svc-1"})
ENDPOINT = ("module.consumer_endpoint.aws_vpc_endpoint.this", {"id": "vpce-1"})
CLUSTER = ("aws_rds_cluster.this", {"deletion_protection": True, "skip_final_snapshot": False})
BALANCER = ("aws_lb.this", {"enable_deletion_protection": False})
REPOSITORY = ('aws_ecr_repository.image["app"]', {"force_delete": False})


def outputs(**changed):
    return [0, json.dumps({name: {"value": value} for name, value in (OUTPUTS | changed).items()})]


class Commands(unittest.TestCase):
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

    def run_command(self, command, *options, yes=True, path=None, **answers):
        variables = {key: answers.pop(key) for key in list(answers) if key.startswith("TF_VAR_")}
        answers = ANSWERS | {key.replace("__", " ").replace("_", "-"): value for key, value in answers.items()}
        answers.setdefault("terraform output", outputs())
        answers.setdefault("terraform show", state(SERVICE, ENDPOINT, BALANCER))
        with open(os.path.join(self.folder, "answers.json"), "w", encoding="utf-8") as file:
            json.dump(answers, file)
        open(os.path.join(self.folder, "turns"), "w", encoding="utf-8").close()
        environment = {"PATH": path or self.bin + ":/usr/bin:/bin", "STUBS": self.folder, "HOME": self.folder}
        environment |= variables
        if yes:
            environment["YES"] = "yes"
        done = subprocess.run([os.path.join(self.folder, "iac", "bin", command), *options], env=environment,
                              text=True, timeout=300, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout

    def calls(self):
        try:
            with open(os.path.join(self.folder, "calls"), encoding="utf-8") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

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

    def test_missing_tools_are_all_named(self):
        bare = os.path.join(self.folder, "bare")
        os.makedirs(bare)
        for tool in ("bash", "cat", "dirname"):
            os.symlink(shutil.which(tool), os.path.join(bare, tool))
        for command, tools in {"plan": ["terraform", "aws", "jq"], "destroy": ["terraform", "aws", "jq"],
                               "deploy": ["terraform", "aws", "jq", "curl", "git", "make"]}.items():
            with self.subTest(command):
                status, text = self.run_command(command, path=bare)
                self.assertEqual(status, 1, text)
                for tool in tools:
                    self.assertIn(f"{command}: {tool} is missing", text)

    def test_make_needs_no_debian(self):
        """The commands say themselves what is missing."""
        for file in ("Makefile", ".ci"):
            os.symlink(os.path.join(TOP, file), os.path.join(self.folder, file))
        bare = os.path.join(self.folder, "bare")
        os.makedirs(bare)
        for tool in ("awk", "bash", "cat", "cut", "dirname", "find", "git", "jq", "nproc", "sed", "sh", "sort"):
            os.symlink(shutil.which(tool), os.path.join(bare, tool))
        os.symlink(sys.executable, os.path.join(bare, "python3"))
        for tool in ("terraform", "aws"):
            os.symlink(os.path.join(HERE, "inputs", "stub"), os.path.join(bare, tool))
        make = shutil.which("make")
        for command in ("plan", "deploy", "destroy", "doctor"):
            with self.subTest(command):
                done = subprocess.run([make, "-s", "-C", self.folder, command], check=False, text=True, timeout=60,
                                      env={"PATH": bare, "STUBS": self.folder, "HOME": self.folder},
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertNotIn("installing", done.stdout)
                self.assertRegex(done.stdout, fr"(?m)^{command}: ")

    def test_missing_credentials(self):
        for command in ("plan", "deploy", "destroy"):
            with self.subTest(command):
                status, text = self.run_command(
                    command, aws__sts__get_caller_identity=[253, "Unable to locate credentials"])
                self.assertEqual(status, 1, text)
                self.assertIn("no valid AWS credentials", text)
                self.assertIn("aws sso login", text)
        self.assert_not_called("terraform")

    def test_nothing_changes_unasked(self):
        for command in ("deploy", "destroy"):
            with self.subTest(command):
                status, text = self.run_command(command, yes=False)
                self.assertEqual(status, 1, text)
                self.assertIn("YES=yes", text)
        self.assert_not_called(" apply")
        self.assert_not_called(" destroy")

    def test_deploy_says_what_it_costs(self):
        self.assertRegex(self.run_command("deploy", yes=False)[1], r"costs about \$\d")

    def test_plan_changes_nothing(self):
        status, text = self.run_command("plan")
        self.assertEqual(status, 0, text)
        self.assert_order(" init", " plan")
        self.assert_not_called(" apply")

    def test_order(self):
        status, text = self.run_command("deploy")
        self.assertEqual(status, 0, text)
        self.assert_order(" plan", "-target=aws_ecr_repository.image", "aws ecr describe-images",
                          "-target=terraform_data.ready_to_migrate", "aws rds-data begin-transaction",
                          "aws rds-data execute-statement", "aws rds-data commit-transaction", "aws ecs run-task",
                          "aws ecs wait tasks-stopped", "apply -auto-approve", "aws ecs describe-services",
                          "aws ssm send-command")
        last = [call for call in self.calls() if "apply" in call["argv"]][-1]
        self.assertFalse([word for word in last["argv"] if word.startswith("-target")])
        self.assertEqual(last["variables"]["TF_VAR_app_image_digest"], DIGEST)

    def test_images_that_are_there_are_not_built(self):
        self.assertEqual(self.run_command("deploy")[0], 0)
        self.assert_not_called("docker")
        self.assert_not_called("make ")

    def test_images_for_another_processor_are_not_pushed(self):
        status, text = self.run_command("deploy", aws__ecr__describe_images=[255, ""],
                                        docker__image__inspect=[0, "arm64\n"])
        self.assertEqual(status, 1, text)
        self.assertIn("set cpu_architecture", text)
        self.assert_order("curl", "make")
        self.assert_not_called(" push ")

    def test_images_are_pushed_by_the_engine_that_built_them(self):
        """ECR's password goes into settings of their own, which do not name the person's engine."""
        status, text = self.run_command("deploy", docker__context__inspect=[0, "unix:///their/docker.sock\n"],
                                        aws__ecr__describe_images=[[254, ""], [254, ""], [254, ""], [0, DIGEST + "\n"]])
        self.assertEqual(status, 0, text)
        used = {" ".join(call["argv"][:2]): call["variables"].get("DOCKER_HOST") for call in self.calls()
                if call["argv"][0] == "docker" and "DOCKER_CONFIG" in call["variables"]}
        self.assertEqual(used, dict.fromkeys(["docker login", "docker push"], "unix:///their/docker.sock"))

    def test_login_that_is_refused_is_told(self):
        status, text = self.run_command("deploy", aws__ecr__describe_images=[254, ""],
                                        docker__login=[1, "unauthorized: the clock is wrong"])
        self.assertEqual(status, 1, text)
        self.assertIn("the clock is wrong", text)
        self.assert_not_called("docker push")

    def test_password_stays_out_of_arguments(self):
        status, text = self.run_command("database-role")
        self.assertEqual(status, 0, text)
        self.assert_not_called("put-secret-value")
        status, text = self.run_command("database-role", "--new-password")
        self.assertEqual(status, 0, text)
        for action in ("put-secret-value", "execute-statement"):
            self.assertTrue([c for c in self.calls() if action in c["argv"] and PASSWORD in c["given"]], action)
        self.assert_not_called(PASSWORD)

    def passwords(self, action):
        """What was given to the calls of that name that carry the password."""
        return [call["given"] for call in self.calls() if action in call["argv"] and PASSWORD in call["given"]]

    def test_password_that_cannot_be_read_is_kept(self):
        status, text = self.run_command("database-role", aws__secretsmanager__get_secret_value=[
            254, "An error occurred (ThrottlingException) when calling the GetSecretValue operation: Rate exceeded"])
        self.assertEqual(status, 1, text)
        self.assertIn("Rate exceeded", text)
        self.assert_not_called("put-secret-value")
        self.assert_not_called("begin-transaction")

    def test_first_password_is_made(self):
        status, text = self.run_command("database-role", aws__secretsmanager__get_secret_value=[
            254, "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: no value"])
        self.assertEqual(status, 0, text)
        self.assert_order("begin-transaction", "execute-statement", "execute-statement", "put-secret-value",
                          "commit-transaction")
        self.assertEqual(len(self.passwords("put-secret-value")), 1)

    def test_new_password_is_kept_only_if_the_database_takes_it(self):
        for action in ("begin_transaction", "execute_statement"):
            with self.subTest(action):
                # The first statement asks whether the database is there.
                answers = [[0, "{}"], [254, "it refuses"]] if action == "execute_statement" else [254, "it refuses"]
                status, text = self.run_command("database-role", "--new-password",
                                                **{"aws__rds_data__" + action: answers})
                self.assertEqual(status, 1, text)
                self.assertIn("it refuses", text)
                self.assert_not_called("put-secret-value")
        self.assert_order("execute-statement", "execute-statement", "rollback-transaction")

    def test_database_gets_what_the_secret_holds(self):
        """Nobody knows whether a commit that fails took place."""
        status, text = self.run_command("database-role", "--new-password",
                                        aws__rds_data__commit_transaction=[[254, "timed out"], [0, "{}"]])
        self.assertEqual(status, 0, text)
        self.assert_order("put-secret-value", "commit-transaction", "rollback-transaction", "begin-transaction",
                          "execute-statement", "commit-transaction")
        self.assertEqual((len(self.passwords("put-secret-value")), len(self.passwords("execute-statement"))), (1, 2))

    def test_commit_that_fails_is_told(self):
        status, text = self.run_command("database-role", "--new-password",
                                        aws__rds_data__commit_transaction=[254, "timed out"])
        self.assertEqual(status, 1, text)
        self.assertIn("that the secret holds; run iac/bin/database-role again", text)

    def test_migration_that_fails_stops_the_deployment(self):
        status, text = self.run_command("deploy", aws__ecs__describe_tasks=[0, '{"containers": [{"exitCode": 1}]}'])
        self.assertEqual(status, 1, text)
        self.assertIn("the migration failed", text)
        self.assertTrue(all("-target" in line for line in self.lines() if " apply" in line))

    def test_undone_deployment_is_told(self):
        status, text = self.run_command("deploy", aws__ecs__describe_services=[
            rollout("IN_PROGRESS"), rollout("IN_PROGRESS", OLD_PAIR), rollout("COMPLETED", OLD_PAIR)])
        self.assertEqual(status, 1, text)
        self.assertIn("ECS has undone the deployment", text)
        self.assert_not_called("send-command")

    def test_deployment_is_waited_for(self):
        status, text = self.run_command("deploy", aws__ecs__describe_services=[
            [0, "[]"], rollout("IN_PROGRESS"), rollout("IN_PROGRESS"), rollout("COMPLETED")])
        self.assertEqual(status, 0, text)
        self.assertEqual(len([line for line in self.lines() if "describe-services" in line]), 4, text)
        self.assertEqual(text.count("IN_PROGRESS"), 1, text)
        self.assertIn("1 of 3 tasks", text)

    def test_deployment_that_fails_is_told(self):
        status, text = self.run_command("deploy", aws__ecs__describe_services=[
            rollout("IN_PROGRESS"), rollout("FAILED", reason="tasks failed to start")])
        self.assertEqual(status, 1, text)
        self.assertIn("tasks failed to start", text)
        self.assert_not_called("send-command")

    def test_deployment_is_not_waited_for_for_ever(self):
        status, text = self.run_command("deploy", aws__ecs__describe_services=rollout("IN_PROGRESS"))
        self.assertEqual(status, 1, text)
        self.assertIn("after 20 minutes", text)
        waited = sum(int(line.split()[1]) for line in self.lines() if line.startswith("sleep "))
        self.assertEqual(waited, 20 * 60)

    def test_service_that_does_not_answer_is_told(self):
        status, text = self.run_command("smoke-test", aws__ssm__get_command_invocation=[
            0, '{"Status": "Failed", "StandardOutputContent": "", "StandardErrorContent": "curl: (28)"}'])
        self.assertEqual(status, 1, text)
        self.assertIn("make doctor", text)

    def test_destroy(self):
        status, text = self.run_command("destroy")
        self.assertEqual(status, 0, text)
        self.assert_order("describe-vpc-endpoint-connections --region eu-west-2 --filters Name=service-id,"
                          "Values=vpce-svc-1", "destroy -auto-approve")
        self.assert_not_called(" apply")

    def test_nothing_to_destroy(self):
        for known in ([0, '{"format_version": "1.0"}'], state()):
            status, text = self.run_command("destroy", terraform__show=known)
            self.assertEqual(status, 1, text)
            self.assertIn("nothing that is deployed", text)
        status, text = self.run_command("destroy", terraform__show=[1, "the bucket is not there"])
        self.assertEqual(status, 1, text)
        self.assertIn("the bucket is not there", text)
        self.assert_not_called("destroy")

    def test_destroy_needs_no_outputs(self):
        """A deployment or a deletion that stopped half-way leaves none, or few."""
        for known in (state(REPOSITORY), state(SERVICE, ENDPOINT)):
            status, text = self.run_command("destroy", terraform__output=[0, "{}"], terraform__show=known,
                                            TF_VAR_deletion_protection="false")
            self.assertEqual(status, 0, text)
        self.assertEqual(len([line for line in self.lines() if "destroy -auto-approve" in line]), 2)
        self.assertEqual(len([line for line in self.lines() if "describe-vpc-endpoint-connections" in line]), 1)

    def test_destroy_respects_protection(self):
        for resource in (CLUSTER, REPOSITORY, ("aws_lb.this", {"enable_deletion_protection": True})):
            with self.subTest(resource[0]):
                status, text = self.run_command("destroy", terraform__show=state(BALANCER, resource))
                self.assertEqual(status, 1, text)
                self.assertIn("TF_VAR_deletion_protection=false make destroy", text)
        self.assert_not_called("destroy")
        self.assert_not_called(" apply")

    def test_destroy_switches_protection_off_where_it_is_on(self):
        status, text = self.run_command("destroy", terraform__show=state(CLUSTER, BALANCER, REPOSITORY, ENDPOINT),
                                        TF_VAR_deletion_protection="false")
        self.assertEqual(status, 0, text)
        self.assert_order("apply -auto-approve -var=deletion_protection=false -target=aws_rds_cluster.this "
                          '-target=aws_ecr_repository.image["app"]', "destroy -auto-approve")

    def test_destroy_names_other_consumers(self):
        connection = {"VpcEndpointId": "vpce-2", "VpcEndpointState": "available"}
        status, text = self.run_command("destroy", aws__ec2__describe_vpc_endpoint_connections=[
            0, json.dumps({"VpcEndpointConnections": [connection]})])
        self.assertEqual(status, 1, text)
        self.assertIn("reject-vpc-endpoint-connections", text)
        self.assertIn("vpce-2", text)
        self.assert_not_called("destroy")


if __name__ == "__main__":
    sys.exit(suite.main())
