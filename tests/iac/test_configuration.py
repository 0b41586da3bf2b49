#!/usr/bin/env python3
"""What Terraform itself can tell of the configuration: its form, its types, and the tests that stand beside it."""

import concurrent.futures
import os
import re
import subprocess
import sys
import unittest

import suite
import terraform

ROOTS = {"": "iac", "consumer-account": "iac/consumer-account"}
IAC = os.path.join(terraform.TOP, "iac")
# What every module has, and both roots.
FILES = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}


def tested(copy, file):
    """What `terraform test` says of one file of tests/. It runs them one after another, so a file each is faster."""
    return copy.run("test", "-no-color", "-filter=tests/" + file, statuses=(0, 1))


class Configuration(unittest.TestCase):
    def test_format(self):
        done = subprocess.run(["terraform", "fmt", "-check", "-diff", "-recursive", "iac"], cwd=terraform.TOP,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, f"`make iac-fmt` mends this:\n{done.stdout}")

    def test_layout(self):
        modules = [os.path.join("modules", name) for name in sorted(os.listdir(os.path.join(IAC, "modules")))]
        for folder in (*ROOTS, *modules):
            with self.subTest(folder or "iac"):
                self.assertEqual(FILES - set(os.listdir(os.path.join(IAC, folder))), set())

    def test_tables(self):
        done = subprocess.run([os.path.join(IAC, "bin", "tables"), "--check"], cwd=terraform.TOP, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_costs_are_told_alike(self):
        """The table's sum, what the page says of it, what a deployment asks about and what `make` prints."""
        page, common, make = (open(os.path.join(terraform.TOP, name), encoding="utf-8").read()
                              for name in ("iac/README.md", "iac/bin/common.sh", "Makefile"))
        table = page.split("| USD a month |")[1].split("\n\n")[0]
        monthly = round(sum(int(cost) for cost in re.findall(r"\| (\d+) \|$", table, re.MULTILINE)), -1)
        self.assertIn(f"About {monthly / 730:.2f} USD an hour, {monthly} a month", page)
        self.assertIn(f"HOURLY_USD={monthly / 730:.2f} MONTHLY_USD={monthly}\n", common)
        self.assertIn(f"(about {monthly / 730:.2f} USD an hour)", make)

    def test_validate(self):
        for root, name in ROOTS.items():
            with self.subTest(name):
                terraform.Copy("validate-" + name.replace("/", "-"), None, root).run("validate", "-no-color")

    def test_own_tests(self):
        for root, name in ROOTS.items():
            copy = terraform.Copy("test-" + name.replace("/", "-"), None, root)
            files = sorted(os.listdir(os.path.join(IAC, root, "tests")))
            files = [file for file in files if file.endswith(".tftest.hcl")]
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as at_once:
                for file, done in zip(files, at_once.map(lambda file, copy=copy: tested(copy, file), files)):
                    self.all_pass(f"{name}/tests/{file}", *done)

    def all_pass(self, file, status, text):
        runs = re.findall(r'^ *run "(\w+)"\.\.\. (\w+)$', text, re.MULTILINE)
        with self.subTest(f"{file} has tests"):
            self.assertGreater(len(runs), 0, text)
        for run, outcome in runs:
            with self.subTest(f"{file}: {run}"):
                self.assertEqual(outcome, "pass", text)
        with self.subTest(f"{file}: terraform test"):
            self.assertEqual(status, 0, text)


if __name__ == "__main__":
    sys.exit(suite.main())
