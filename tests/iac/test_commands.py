#!/usr/bin/env python3
"""What make plan, deploy and destroy do, in which order, and where they stop. The AWS CLI is the real one and asks
a listener; every other tool is a stub."""

import json
import os
import re
import shutil
import subprocess
import sys

import commands
import suite
from commands import (BALANCER, CLUSTER, DIGEST, ENDPOINT, HERE, IMAGE, LOGIN, MASTER_SECRET, OLD_PAIR, OUTPUTS,
                      PASSWORD, REGION, REPOSITORY, ROLE_SECRET, SERVICE, TOP, ended, rollout, state)
from wire.listener import Error

MISSING = Error("ImageNotFoundException")
REFUSED = Error("BadRequestException", "it refuses")
DATABASE = OUTPUTS["database"]


class Commands(commands.Commands):
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
                status, text = self.run_command(command, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
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

    def test_endpoints_that_are_there_are_told(self):
        """Terraform would accept one that its consumer has deleted, and fail."""
        connections = [{"VpcEndpointId": f"vpce-{number}", "VpcEndpointState": state} for number, state in
                       enumerate(("available", "pendingAcceptance", "rejected", "deleted", "failed", "expired"))]
        for command in ("plan", "deploy"):
            status, text = self.run_command(command, aws={"ec2:DescribeVpcEndpointConnections": {
                "VpcEndpointConnections": connections}})
            with self.subTest(command):
                self.assertEqual(status, 0, text)
                planned = [call for call in self.calls() if "plan" in call["argv"]][-1]
                self.assertEqual(json.loads(planned["variables"]["TF_VAR_connected_endpoint_ids"]),
                                 ["vpce-0", "vpce-1", "vpce-2"])

    def test_private_name_is_gone_or_it_fails(self):
        for name, expected in (("", 0), ("api.example.com", 1)):
            service = {"ServiceId": "vpce-svc-1"} | ({"PrivateDnsName": name} if name else {})
            status, text = self.run_command("remove-private-dns-name", REGION, "vpce-svc-1", aws={
                "ec2:ModifyVpcEndpointServiceConfiguration": {"Return": True},
                "ec2:DescribeVpcEndpointServiceConfigurations": {"ServiceConfigurations": [service]}})
            with self.subTest(name):
                self.assertEqual(status, expected, text)
                self.assertIn(name, text)
                asked = self.asked("ec2:ModifyVpcEndpointServiceConfiguration")[-1]
                self.assertEqual((asked["ServiceId"], asked["RemovePrivateDnsName"]), ("vpce-svc-1", "true"), asked)

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
        status, text = self.run_command("deploy", aws={"ecr:DescribeImages": MISSING},
                                        docker__image__inspect=[0, "arm64\n"])
        self.assertEqual(status, 1, text)
        self.assertIn("set cpu_architecture", text)
        self.assert_order("curl", "make")
        self.assert_not_called(" push ")

    def test_images_are_pushed_by_the_engine_that_built_them(self):
        """ECR's password goes into settings of their own, which do not name the person's engine."""
        status, text = self.run_command("deploy", docker__context__inspect=[0, "unix:///their/docker.sock\n"],
                                        aws={"ecr:DescribeImages": [MISSING, MISSING, MISSING, IMAGE]})
        self.assertEqual(status, 0, text)
        used = {" ".join(call["argv"][:2]): call["variables"].get("DOCKER_HOST") for call in self.calls()
                if call["argv"][0] == "docker" and "DOCKER_CONFIG" in call["variables"]}
        self.assertEqual(used, dict.fromkeys(["docker login", "docker push"], "unix:///their/docker.sock"))

    def test_login_that_is_refused_is_told(self):
        status, text = self.run_command("deploy", aws={"ecr:DescribeImages": MISSING},
                                        docker__login=[1, "unauthorized: the clock is wrong"])
        self.assertEqual(status, 1, text)
        self.assertIn("the clock is wrong", text)
        self.assert_not_called("docker push")

    def passwords(self):
        """How often Secrets Manager and the database were given the password."""
        kept = [secret for secret in self.asked("secretsmanager:PutSecretValue")
                if json.loads(secret["SecretString"]) == {"username": "postern", "password": PASSWORD}]
        told = [statement for statement in self.asked("rds-data:ExecuteStatement") if statement.get("parameters") == [
            {"name": "password", "value": {"stringValue": PASSWORD}}]]
        return len(kept), len(told)

    def test_role_is_made_with_the_password_that_is_kept(self):
        status, text = self.run_command("database-role")
        self.assertEqual(status, 0, text)
        self.assertEqual(self.passwords(), (0, 1))
        [(_, told, made)] = [self.asked("rds-data:ExecuteStatement")]
        for statement in (told, made):
            self.assertEqual((statement["resourceArn"], statement["secretArn"], statement["database"],
                              statement["transactionId"]), (DATABASE["cluster_arn"], MASTER_SECRET, "postern", "t"))
        self.assertIn("CREATE ROLE postern LOGIN", made["sql"])
        self.assertEqual(self.asked("rds-data:CommitTransaction"), [
            {"resourceArn": DATABASE["cluster_arn"], "secretArn": MASTER_SECRET, "transactionId": "t"}])

    def test_new_password(self):
        status, text = self.run_command("database-role", "--new-password")
        self.assertEqual(status, 0, text)
        self.assertEqual(self.passwords(), (1, 1))

    def test_no_secret_is_an_argument(self):
        """Of any process that a command starts: a list of processes shows arguments to everybody on the machine."""
        path, notes = self.noted()
        runs = [(["database-role"], {}), (["database-role", "--new-password"], {}),
                (["database-role"], {"secretsmanager:GetSecretValue": Error("ResourceNotFoundException")}),
                (["deploy"], {"ecr:DescribeImages": [MISSING, MISSING, MISSING, IMAGE]}),
                (["import-products", os.path.join(self.folder, "iac", "demo-products.json")], {})]
        for words, answers in runs:
            with self.subTest(" ".join(words)):
                status, text = self.run_command(*words, path=path, ARGUMENTS=notes, aws=answers,
                                                docker__context__inspect=[0, "unix:///their/docker.sock\n"])
                self.assertEqual((status, "not found" in text), (0, False), text)
        with open(notes, encoding="utf-8") as file:
            arguments = file.read().splitlines()
        self.assertTrue(any("/jq " in line for line in arguments))
        self.assert_order("docker login")
        self.assertEqual([line for line in arguments + self.lines() if PASSWORD in line or LOGIN in line], [])

    def test_password_that_cannot_be_read_is_kept(self):
        status, text = self.run_command("database-role", aws={
            "secretsmanager:GetSecretValue": Error("ThrottlingException", "Rate exceeded")})
        self.assertEqual(status, 1, text)
        self.assertIn("Rate exceeded", text)
        self.assert_not_called("put-secret-value")
        self.assert_not_called("begin-transaction")

    def test_first_password_is_made(self):
        status, text = self.run_command("database-role", aws={
            "secretsmanager:GetSecretValue": Error("ResourceNotFoundException", "no value")})
        self.assertEqual(status, 0, text)
        self.assert_order("begin-transaction", "execute-statement", "execute-statement", "put-secret-value",
                          "commit-transaction")
        self.assertEqual(self.passwords(), (1, 1))

    def test_new_password_is_kept_only_if_the_database_takes_it(self):
        # The first statement asks whether the database is there.
        for answers in ({"rds-data:BeginTransaction": REFUSED}, {"rds-data:ExecuteStatement": [{}, REFUSED]}):
            with self.subTest(*answers):
                status, text = self.run_command("database-role", "--new-password", aws=answers)
                self.assertEqual(status, 1, text)
                self.assertIn("it refuses", text)
                self.assert_not_called("put-secret-value")
        self.assert_order("execute-statement", "execute-statement", "rollback-transaction")

    def test_database_gets_what_the_secret_holds(self):
        """Nobody knows whether a commit that fails took place."""
        status, text = self.run_command("database-role", "--new-password",
                                        aws={"rds-data:CommitTransaction": [REFUSED, {}]})
        self.assertEqual(status, 0, text)
        self.assert_order("put-secret-value", "commit-transaction", "rollback-transaction", "begin-transaction",
                          "execute-statement", "commit-transaction")
        self.assertEqual(self.passwords(), (1, 2))

    def test_commit_that_fails_is_told(self):
        status, text = self.run_command("database-role", "--new-password", aws={"rds-data:CommitTransaction": REFUSED})
        self.assertEqual(status, 1, text)
        self.assertIn("that the secret holds; run iac/bin/database-role again", text)

    def test_products_are_imported(self):
        status, text = self.run_command("import-products", os.path.join(self.folder, "iac", "demo-products.json"))
        self.assertEqual(status, 0, text)
        self.assertIn("3 products", text)
        self.assert_order("begin-transaction", "batch-execute-statement", "commit-transaction")
        [batch] = self.asked("rds-data:BatchExecuteStatement")
        self.assertEqual((batch["secretArn"], batch["transactionId"]), (ROLE_SECRET, "t"))
        self.assertIn({"name": "price", "value": {"longValue": 1999}}, batch["parameterSets"][1])

    def test_products_go_in_batches(self):
        """More of them than fit into an argument."""
        product = {"price": 9.99, "quantity": 1, "name": "n" * 100, "description": "d" * 2000}
        file = os.path.join(self.folder, "products.json")
        with open(file, "w", encoding="utf-8") as stream:
            json.dump([product | {"id": number} for number in range(1, 1002)], stream)
        status, text = self.run_command("import-products", file)
        self.assertEqual(status, 0, text)
        self.assertEqual([len(batch["parameterSets"]) for batch in self.asked("rds-data:BatchExecuteStatement")],
                         [500, 500, 1])

    def test_products_that_are_refused_are_not_kept(self):
        status, text = self.run_command("import-products", os.path.join(self.folder, "iac", "demo-products.json"),
                                        aws={"rds-data:BatchExecuteStatement": REFUSED})
        self.assertEqual(status, 1, text)
        self.assertIn("it refuses", text)
        self.assert_order("begin-transaction", "batch-execute-statement", "rollback-transaction")
        self.assert_not_called("commit-transaction")

    def test_migration_that_fails_stops_the_deployment(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual(status, 1, text)
        self.assertIn("the migration failed", text)
        self.assertTrue(all("-target" in line for line in self.lines() if " apply" in line))

    def test_undone_deployment_is_told(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            rollout("IN_PROGRESS"), rollout("IN_PROGRESS", OLD_PAIR), rollout("COMPLETED", OLD_PAIR)]})
        self.assertEqual(status, 1, text)
        self.assertIn("ECS has undone the deployment", text)
        self.assert_not_called("send-command")

    def test_deployment_is_waited_for(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            {"services": []}, rollout("IN_PROGRESS"), rollout("IN_PROGRESS"), rollout("COMPLETED")]})
        self.assertEqual(status, 0, text)
        self.assertEqual(len([line for line in self.lines() if "describe-services" in line]), 4, text)
        self.assertEqual(text.count("IN_PROGRESS"), 1, text)
        self.assertIn("1 of 3 tasks", text)

    def test_deployment_that_fails_is_told(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": [
            rollout("IN_PROGRESS"), rollout("FAILED", reason="tasks failed to start")]})
        self.assertEqual(status, 1, text)
        self.assertIn("tasks failed to start", text)
        self.assert_not_called("send-command")

    def test_deployment_is_not_waited_for_for_ever(self):
        status, text = self.run_command("deploy", aws={"ecs:DescribeServices": rollout("IN_PROGRESS")})
        self.assertEqual(status, 1, text)
        self.assertIn("after 20 minutes", text)
        waited = sum(int(line.split()[1]) for line in self.lines() if line.startswith("sleep "))
        self.assertEqual(waited, 20 * 60)

    def test_service_that_does_not_answer_is_told(self):
        status, text = self.run_command("smoke-test", aws={"ssm:GetCommandInvocation": {
            "Status": "Failed", "StandardOutputContent": "", "StandardErrorContent": "curl: (28)"}})
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
        status, text = self.run_command("destroy", aws={"ec2:DescribeVpcEndpointConnections": {
            "VpcEndpointConnections": [connection]}})
        self.assertEqual(status, 1, text)
        self.assert_not_called("destroy")
        command = re.search(r"aws ec2 reject-vpc-endpoint-connections .*", text).group()
        self.run_printed(command)
        [asked] = self.asked("ec2:RejectVpcEndpointConnections")
        self.assertEqual(asked, {"ServiceId": "vpce-svc-1", "VpcEndpointIds": ["vpce-2"]})


if __name__ == "__main__":
    sys.exit(suite.main())
