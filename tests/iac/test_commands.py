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
THERE = {"id": 7, "price": 9.99, "quantity": 3, "name": "n", "description": "d"}


def as_record(product):
    """A product that exists, as the Data API gives it."""
    return [{"longValue": product["id"]}, {"longValue": round(product["price"] * 100)},
            {"longValue": product["quantity"]}, {"stringValue": product["name"]},
            {"stringValue": product["description"]}, {"booleanValue": product.get("retired", False)}]


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

    def test_nothing_is_deployed_yet(self):
        """Terraform says nothing before it is initialized, and {} before there is a state."""
        products = os.path.join(self.folder, "iac", "demo-products.json")
        for words in (["migrate"], ["audit"], ["stock", "1", "+1"], ["retire", "7"], ["rename-consumer", "a", "b"],
                      ["smoke-test"], ["import-products", products], ["database-role"]):
            for told in ([1, ""], [0, "{}"]):
                with self.subTest(words, told=told):
                    status, text = self.run_command(*words, terraform__output=told)
                    self.assertEqual(status, 1, text)
                    self.assertRegex(text, fr"(?m)^{words[0]}: .* yet; run make deploy$")
                    self.assertLessEqual({call.name for call in self.listener.calls}, {"sts:GetCallerIdentity"})

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

    def test_products_are_retired(self):
        for options in (("7",), ("--back", "7", "8")):
            with self.subTest(options):
                status, text = self.run_command("retire", *options)
                self.assertEqual(status, 0, text)
                [override] = self.asked("ecs:RunTask")[-1]["overrides"]["containerOverrides"]
                self.assertEqual(override, {"name": "migrate", "command": ["retire", *options]})
                # The application understands it, and has no products.
                self.assertIn("there is no product 7", postern.run(*override["command"]))
        status, text = self.run_command("retire", "7", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual((status, "the change failed" in text), (1, True), text)

    def test_stock_is_audited(self):
        status, text = self.run_command("audit")
        self.assertEqual(status, 0, text)
        [override] = self.asked("ecs:RunTask")[0]["overrides"]["containerOverrides"]
        self.assertIn("products: 0, wrong: 0", postern.run(*override["command"]))
        status, text = self.run_command("audit", aws={"ecs:DescribeTasks": ended(1)})
        self.assertEqual(status, 1, text)
        self.assertIn("the audit failed", text)

    def test_log_of_many_pages_is_printed_whole(self):
        """An audit names each product that is wrong; a page holds 10 000 lines at most."""
        pages = [{"events": [{"message": f"line {number}"}] if number < 3 else [], "nextForwardToken": f"f/{token}"}
                 for number, token in enumerate((0, 1, 2, 2))]
        status, text = self.run_command("audit", aws={"logs:GetLogEvents": pages})
        self.assertEqual(status, 0, text)
        self.assertEqual([line.strip() for line in text.splitlines() if "line" in line], ["line 0", "line 1", "line 2"])
        self.assertEqual([call.get("nextToken") for call in self.asked("logs:GetLogEvents")],
                         [None, "f/0", "f/1", "f/2"])

    def test_stock_that_is_misused(self):
        for command, options in (("stock", ()), ("stock", ("1",)), ("stock", ("1", "+1", "--reason")),
                                 ("stock", ("1", "+1", "--as", "me")), ("stock", ("--ledger", "1", "2")),
                                 ("audit", ("1",)), ("retire", ()), ("retire", ("--back",)), ("retire", ("--all",)),
                                 ("retire", ("7", "--back")), ("retire", ("7", ""))):
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
        self.assertIn("imported 3 products: 3 added, 0 changed, 0 left as they are", text)
        self.assert_order("begin-transaction", "batch-execute-statement", "commit-transaction")
        [batch] = self.asked("rds-data:BatchExecuteStatement")
        self.assertIn("INSERT", batch["sql"])
        self.assertEqual((batch["secretArn"], batch["transactionId"]), (ROLE_SECRET, "t"))
        self.assertIn({"name": "price", "value": {"longValue": 1999}}, batch["parameterSets"][1])

    def products_file(self, products, name="products.json"):
        file = os.path.join(self.folder, name)
        with open(file, "w", encoding="utf-8") as stream:
            json.dump(products, stream)
        return file

    def import_products(self, products, *options, **keywords):
        return self.run_command("import-products", *options, self.products_file(products), **keywords)

    def imported(self, products, *options, there=()):
        """What the import says if these are there, which is what the application's own says, too."""
        file = self.products_file(products)
        found = {"rds-data:ExecuteStatement": {"records": [as_record(product) for product in there]}}
        status, text = self.run_command("import-products", *options, file, aws=found)
        retired = [str(product["id"]) for product in there if product.get("retired")]
        own = postern.run("import", *options, file, after=[
            ["import", self.products_file([{name: value for name, value in product.items() if name != "retired"}
                                           for product in there], "there.json")],
            *([["retire", *retired]] if retired else [])])
        for line in own.splitlines():
            # What is refused is named without its line in the file.
            said = line.split(": ")[-1].replace("postern retire", "iac/bin/retire") if status else line
            self.assertIn(said, text)
        return status, text

    def written(self):
        """The rows of each statement that wrote products: its first word, and the values by their names."""
        return [(batch["sql"].split()[0], [{item["name"]: next(iter(item["value"].values())) for item in row}
                                           for row in batch["parameterSets"]])
                for batch in self.asked("rds-data:BatchExecuteStatement")]

    def test_products_keep_what_the_file_does_not_give(self):
        there = [THERE, THERE | {"id": 8}]
        status, text = self.imported([{"id": 7, "price": 10.05}, {"id": 8}, {"id": 9, "name": "new", "price": 1}],
                                     there=there)
        self.assertEqual(status, 0, text)
        self.assertIn("imported 3 products: 1 added, 1 changed, 1 left as they are", text)
        self.assertEqual(self.written(), [
            ("INSERT", [{"id": 9, "price": 100, "quantity": 0, "name": "new", "description": ""}]),
            ("UPDATE", [{"id": 7, "price": 1005, "quantity": 3, "name": "n", "description": "d"}])])
        # The ledger's trigger looks at this column.
        self.assertIn("name = :name", self.asked("rds-data:BatchExecuteStatement")[-1]["sql"])

    def test_products_that_exist_keep_their_stock(self):
        """Unless it is said what becomes of it, they are refused."""
        given = [{"id": 7, "quantity": 5, "name": "new"}]
        for option, quantity in (("--keep-stock", 3), ("--set-stock", 5)):
            with self.subTest(option):
                status, text = self.imported(given, option, there=[THERE])
                self.assertEqual(status, 0, text)
                [row] = self.written()[-1][1]
                self.assertEqual((row["quantity"], row["name"]), (quantity, "new"))
        wrote = self.written()
        for options in ((), ("--dry-run",)):
            status, text = self.imported(given, *options, there=[THERE])
            self.assertEqual((status, "--keep-stock" in text), (1, True), text)
        self.assertEqual(self.written(), wrote)
        for words in (["--set-stock"], ["--stock", "x"], ["x", "--set-stock"], ["--set-stock", "--keep-stock", "x"]):
            self.assertIn("usage: import-products", self.run_command("import-products", *words)[1])

    def test_dry_run_tells_what_would_change(self):
        given = [{"id": 7, "name": "b\"é" * 25, "price": 0.07, "description": "two\nlines", "quantity": 0},
                 {"id": 8, "price": 9.99}, {"id": 9, "name": "new", "price": 1}]
        status, text = self.imported(given, "--dry-run", "--set-stock", there=[THERE, THERE | {"id": 8}])
        self.assertEqual(status, 0, text)
        for line in ("price 9.99 -> 0.07", "quantity 3 -> 0", 'description "d" -> "two?lines"'):
            self.assertIn(f"product 7: {line}\n", text)
        self.assertIn("would import 3 products: 1 added, 1 changed, 1 left as they are", text)
        self.assertEqual(self.asked("rds-data:BatchExecuteStatement"), [])
        [look] = self.asked("rds-data:ExecuteStatement")
        self.assertNotIn("FOR ", look["sql"])
        self.assert_order("begin-transaction", "rollback-transaction")
        self.assert_not_called("commit-transaction")

    def test_dry_run_tells_of_twenty(self):
        there = [THERE | {"id": number} for number in range(1, 31)]
        status, text = self.imported([{"id": number, "price": 1} for number in range(1, 31)], "--dry-run", there=there)
        self.assertEqual(status, 0, text)
        self.assertEqual([line for line in text.splitlines() if " -> " in line],
                         [f"product {number}: price 9.99 -> 1.00" for number in range(1, 21)])

    def test_products_that_are_new_need_name_and_price(self):
        for given in ({"price": 1}, {"name": "n"}):
            status, text = self.imported([given | {"id": 7}, {"id": 8, "name": "n", "price": 1}])
            self.assertEqual(status, 1, text)
            self.assertIn("product 7 is new, so it needs a name and a price", text)
        self.assertEqual(self.written(), [])
        self.assert_not_called("commit-transaction")

    def test_products_that_break_a_rule_are_named(self):
        """Each rule is the application's, whose own import refuses the same in the same words."""
        product = {"id": 7, "price": 9.99, "quantity": 1, "name": "n", "description": ""}
        for changed in ({"price": 9.999}, {"price": 1.0000000001}, {"price": 100000000}, {"price": -1},
                        {"price": "9.99"}, {"price": None}, {"quantity": 9007199254740992}, {"quantity": -1},
                        {"quantity": 1.5}, {"quantity": "1"}, {"name": ""}, {"name": "a\tb"}, {"name": "é" * 101},
                        {"name": "a\x7f"}, {"name": "a\x9b"}, {"name": 1}, {"description": "d" * 2001},
                        {"description": None}, {"colour": "red"}, {"id": 0}, {"id": 1.5}, {"id": "7"},
                        {"id": 9007199254740992}):
            with self.subTest(changed):
                given = product | changed
                status, text = self.import_products([product | {"id": 8}, given])
                rule = postern.run("import", self.products_file([given])).splitlines()[0].split(": ", 3)[-1]
                self.assertIn(f"product {given['id']}: {rule}\n", text)
                self.assertEqual(status, 1, text)
        del product["id"]
        self.assertIn("product null: id must be", self.import_products([product])[1])
        self.assertEqual(self.asked("rds-data:BeginTransaction"), [])

    def test_files_that_are_no_list_of_products(self):
        product = '{"id": 7, "price": 1, "name": "n"}'
        for content, rule in ((product, "must be a JSON array"), ("", "must be a JSON array"),
                              (f"[{product}] [{product}]", "must be a JSON array"), ("[7]", "must be an object"),
                              (f"[{product}, {product}]", "product 7 is there twice"),
                              (f"[{product[:-1]}, \"name\": \"m\"}}]", 'an object names the member "name" twice')):
            with self.subTest(content):
                file = os.path.join(self.folder, "products.json")
                with open(file, "w", encoding="utf-8") as stream:
                    stream.write(content)
                status, text = self.run_command("import-products", file)
                self.assertEqual((status, rule in text), (1, True), text)
                self.assertNotIn(" added, ", postern.run("import", file))
        self.assertEqual(self.asked("rds-data:BeginTransaction"), [])

    def test_products_just_within_the_rules_are_imported(self):
        least = {"id": 1, "price": 0, "quantity": 0, "name": "n", "description": ""}
        most = {"id": 9007199254740991, "price": 99999999.99, "quantity": 9007199254740991, "name": "é" * 100,
                "description": "\x01" + "d" * 1999}
        status, text = self.imported([least, most])
        self.assertEqual((status, "imported 2 products: 2 added" in text), (0, True), text)

    def test_prices_are_whole_cents(self):
        product = {"quantity": 1000000000, "name": "n", "description": ""}
        prices = {0: 0, 0.07: 7, 0.29: 29, 1.1: 110, 64.1: 6410, 1234567.89: 123456789, 99999999.99: 9999999999}
        products = [product | {"id": at, "price": price} for at, price in enumerate(prices, 1)]
        status, text = self.import_products(products)
        self.assertEqual(status, 0, text)
        [batch] = self.asked("rds-data:BatchExecuteStatement")
        self.assertEqual([row[1]["value"]["longValue"] for row in batch["parameterSets"]], list(prices.values()))

    def test_products_are_locked_in_the_order_of_their_ids(self):
        """As orders lock them: in another order the two would wait for each other."""
        product = {"price": 9.99, "quantity": 1, "name": "n", "description": ""}
        status, text = self.import_products([product | {"id": number} for number in (10, 9, 100)], "--keep-stock")
        self.assertEqual(status, 0, text)
        [_, lock], [batch] = self.asked("rds-data:ExecuteStatement"), self.asked("rds-data:BatchExecuteStatement")
        self.assertIn("IN (9,10,100) ORDER BY id FOR NO KEY UPDATE", lock["sql"])
        self.assertEqual([row[0]["value"]["longValue"] for row in batch["parameterSets"]], [9, 10, 100])

    def test_imports_come_one_after_the_other(self):
        """The application's own among them: the lock is theirs."""
        self.assertEqual(self.import_products([{"id": 7, "name": "n", "price": 1}])[0], 0)
        lock = self.asked("rds-data:ExecuteStatement")[0]["sql"].removeprefix("SELECT ").removesuffix("::TEXT")
        with open(os.path.join(TOP, "fcgi-app", "store", "postgres", "statements.sql"), encoding="utf-8") as file:
            self.assertIn(f"SELECT {lock};\n", file.read().split("-- name: import_start\n")[1].split("-- name:")[0])

    def test_products_out_of_sale_are_refused(self):
        product = {"price": 9.99, "quantity": 1, "name": "n", "description": ""}
        there = [product | {"id": number, "retired": number != 2} for number in (1, 2, 3)]
        for options in (("--keep-stock",), ("--set-stock",), ("--dry-run", "--keep-stock")):
            with self.subTest(options):
                status, text = self.imported([product | {"id": number} for number in (1, 2, 3)], *options, there=there)
                self.assertEqual(status, 1, text)
                self.assertIn("product 1 is retired\nproduct 3 is retired\n2 refused, nothing was imported;", text)
        self.assertEqual(self.asked("rds-data:BatchExecuteStatement"), [])
        self.assert_not_called("commit-transaction")
        status, text = self.import_products([product | {"id": 1}], aws={"rds-data:ExecuteStatement": REFUSED})
        self.assertEqual((status, "it refuses" in text), (1, True), text)
        self.assertEqual(self.asked("rds-data:BatchExecuteStatement"), [])

    def test_products_go_in_batches(self):
        """More of them than fit into an argument."""
        product = {"price": 9.99, "quantity": 1, "name": "n" * 100, "description": "d" * 2000}
        status, text = self.import_products([product | {"id": number} for number in range(1, 1002)])
        self.assertEqual(status, 0, text)
        self.assertEqual([len(rows) for _, rows in self.written()], [200] * 5 + [1])
        self.assertEqual([row["id"] for _, rows in self.written() for row in rows], list(range(1, 1002)))
        self.assertEqual([call["sql"].count(",") - 5 + 1 for call in self.asked("rds-data:ExecuteStatement")[1:]],
                         [200] * 5 + [1])

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
