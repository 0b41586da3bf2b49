#!/usr/bin/env python3
"""What the commands of iac/bin need, make, and say where they stop. The AWS CLI is the real one and asks a listener;
every other tool is a stub. Deployments, passwords and deletions are in test_operations.py."""

import json
import os
import shutil
import subprocess
import sys

import commands
import postern
import suite
from commands import HERE, IMAGE, LOGIN, NUMBER, PASSWORD, REGION, ROLE_SECRET, TOP, ended
from wire.listener import Error

MISSING = Error("ImageNotFoundException")
REFUSED = Error("BadRequestException", "it refuses")


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
                done = subprocess.run([make, "-s", "-C", self.folder, command], check=False, text=True, timeout=240,
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
        status, text = self.run_command("plan", terraform__plan=[0, ""])
        self.assertEqual(status, 0, text)
        self.assert_order(" init", " plan")
        self.assert_not_called(" apply")

    def test_endpoints_that_are_there_are_told(self):
        """Terraform would accept one that its consumer has deleted, and fail."""
        connections = [{"VpcEndpointId": f"vpce-{number}", "VpcEndpointState": state} for number, state in
                       enumerate(("available", "pendingAcceptance", "rejected", "deleted", "failed", "expired"))]
        for command in ("plan", "deploy"):
            status, text = self.run_command(command, terraform__plan=[0, ""], aws={
                "ec2:DescribeVpcEndpointConnections": {"VpcEndpointConnections": connections}})
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

    def test_consumer_is_renamed(self):
        status, text = self.run_command("rename-consumer", "vpce-0123456789abcdef0", "acme")
        self.assertEqual(status, 0, text)
        [asked] = self.asked("ecs:RunTask")
        [override] = asked["overrides"]["containerOverrides"]
        self.assertEqual(override["name"], "migrate")
        # The application understands it, and has nothing to do.
        self.assertIn("has no orders and no keys", postern.run(*override["command"]))

    def test_consumer_that_is_not_renamed(self):
        status, text = self.run_command("rename-consumer", "acme", "globex", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual(status, 1, text)
        self.assertIn("the renaming failed", text)
        for options in ((), ("acme",), ("acme", "globex", "now"), ("acme", "globex", "--merge", "--merge")):
            with self.subTest(options):
                self.assertIn("usage: rename-consumer", self.run_command("rename-consumer", *options)[1])

    def test_stock_is_adjusted(self):
        for options, said in ((("1", "+5", "--reason", "delivery 17"), "there is no product 1"),
                              (("1", "=0"), "there is no product 1"), (("--ledger", "1"), "there is no product 1"),
                              (("--ledger",), "product\tadjusted")):
            with self.subTest(options):
                status, text = self.run_command("stock", *options)
                self.assertEqual(status, 0, text)
                asked = self.asked("ecs:RunTask")[-1]
                [override] = asked["overrides"]["containerOverrides"]
                given = [] if "--ledger" in options else ["--as", f"arn:aws:iam::{NUMBER}:user/test"]
                self.assertEqual(override, {"name": "migrate", "command": ["stock", *options, *given]})
                # The application understands it, and has no products.
                self.assertIn(said, postern.run(*override["command"]))

    def test_stock_is_audited(self):
        status, text = self.run_command("audit")
        self.assertEqual(status, 0, text)
        [override] = self.asked("ecs:RunTask")[0]["overrides"]["containerOverrides"]
        self.assertIn("products: 0, wrong: 0", postern.run(*override["command"]))
        status, text = self.run_command("audit", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual(status, 1, text)
        self.assertIn("the audit failed", text)

    def test_stock_that_is_misused(self):
        for command, options in (("stock", ()), ("stock", ("1",)), ("stock", ("1", "+1", "--reason")),
                                 ("stock", ("1", "+1", "--as", "me")), ("stock", ("--ledger", "1", "2")),
                                 ("audit", ("1",))):
            with self.subTest(options):
                status, text = self.run_command(command, *options)
                self.assertEqual(status, 1, text)
                self.assertIn(f"usage: {command}", text)
        self.assertEqual(self.asked("ecs:RunTask"), [])

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

    def test_products_are_imported(self):
        status, text = self.run_command("import-products", os.path.join(self.folder, "iac", "demo-products.json"))
        self.assertEqual(status, 0, text)
        self.assertIn("3 products", text)
        self.assert_order("begin-transaction", "batch-execute-statement", "commit-transaction")
        [batch] = self.asked("rds-data:BatchExecuteStatement")
        self.assertEqual((batch["secretArn"], batch["transactionId"]), (ROLE_SECRET, "t"))
        self.assertIn({"name": "price", "value": {"longValue": 1999}}, batch["parameterSets"][1])

    def test_products_that_exist_keep_their_stock(self):
        """Unless it is said what becomes of it, they are refused by the database."""
        rows = (([], False, False), (["--keep-stock"], True, False), (["--set-stock"], True, True))
        for options, clause, quantity in rows:
            with self.subTest(options):
                status, text = self.run_command("import-products", *options,
                                                os.path.join(self.folder, "iac", "demo-products.json"))
                self.assertEqual(status, 0, text)
                sql = self.asked("rds-data:BatchExecuteStatement")[-1]["sql"]
                self.assertEqual(("ON CONFLICT" in sql, "quantity = excluded" in sql), (clause, quantity), sql)
        status, text = self.run_command("import-products", os.path.join(self.folder, "iac", "demo-products.json"),
                                        aws={"rds-data:BatchExecuteStatement": REFUSED})
        self.assertEqual((status, "--keep-stock" in text), (1, True), text)
        for words in (["--set-stock"], ["--stock", "x"], ["x", "--set-stock"]):
            self.assertIn("usage: import-products", self.run_command("import-products", *words)[1])

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

    def test_migration_that_fails_is_told(self):
        status, text = self.run_command("migrate", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual(status, 1, text)
        self.assertIn("the migration failed", text)

    def test_service_that_does_not_answer_is_told(self):
        status, text = self.run_command("smoke-test", aws={"ssm:GetCommandInvocation": {
            "Status": "Failed", "StandardOutputContent": "", "StandardErrorContent": "curl: (28)"}})
        self.assertEqual(status, 1, text)
        self.assertIn("make doctor", text)


if __name__ == "__main__":
    sys.exit(suite.main())
