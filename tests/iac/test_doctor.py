#!/usr/bin/env python3
"""iac/bin/doctor against an emulator: nothing is found on a road that works, and where one thing is broken that
one is found, and no other. Where the mend is a command, the command as it was printed mends it.

Each group of rows has a region, and so a road, of its own; the groups run at the same time.
"""

import concurrent.futures
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

import aws_server
import suite
from doctor_accounts import ACCOUNTS, nobody_connects
from doctor_row import Step, expect
from doctor_states import DNS, ENDPOINT, NETWORK, TARGETS
from road import DOCTOR, Road

GROUPS = {"eu-west-2": NETWORK, "eu-west-1": TARGETS, "eu-central-1": ENDPOINT, "us-east-1": DNS,
          "us-west-2": ACCOUNTS}

# What cannot be mended.
LAST = {"us-west-2": [Step(nobody_connects)]}


def healthy_road(road):
    report = road.doctor()
    expect(report, 0, [], [])


def run_group(region, rows):
    """(region, title, what went wrong) of each row; whatever was broken and mended, all is well at the end."""
    road, outcomes = Road(region), []
    for row in [Step(healthy_road), *rows, Step(healthy_road), *LAST.get(region, [])]:
        try:
            row.run(road)
            outcomes.append((region, row.title, None))
        except Exception as error:  # pylint: disable=broad-except
            outcomes.append((region, row.title, error))
    return outcomes


class Doctor(unittest.TestCase):
    def test_roads(self):
        with tempfile.TemporaryDirectory() as folder, aws_server.Server(folder), \
                unittest.mock.patch.dict(os.environ, PATH=f"{folder}:{os.environ['PATH']}"), \
                concurrent.futures.ThreadPoolExecutor(len(GROUPS)) as pool:
            running_groups = [pool.submit(run_group, region, rows) for region, rows in GROUPS.items()]
            for group in running_groups:
                for region, title, error in group.result():
                    with self.subTest(title, region=region):
                        if error:
                            raise error


class Usage(unittest.TestCase):
    """What is wrong before AWS is asked: status 2, and a sentence that says what to do."""

    CALLS = [
        ([], "give --service-id, --service-name or --endpoint-id"),
        (["--frobnicate"], "unknown option --frobnicate"),
        (["--service-id"], "--service-id needs a value"),
        (["--service-id", "svc"], "give an id such as vpce-svc-"),
        (["--service-name", "com.amazonaws.eu-west-2.s3"], "give a name such as com.amazonaws.vpce."),
        (["--endpoint-id", "vpce-svc-1"], "give an id such as vpce-"),
        (["--service-id", "vpce-svc-1", "--port", "65536"], "give a port from 1 to 65535"),
        (["--service-id", "vpce-svc-1", "--port", "http"], "give a port from 1 to 65535"),
        (["--service-id", "vpce-svc-1", "--consumer-cidr", "10.0.0.256/8"], "give an IPv4 range"),
        (["--service-id", "vpce-svc-1", "--consumer-cidr", "10.0.0.0/33"], "give an IPv4 range"),
        (["--service-id", "vpce-svc-1", "--consumer-account", "12"], "twelve digits"),
        (["--service-id", "vpce-svc-1", "--region", "Europe"], "give a region such as"),
        (["--service-id", "vpce-svc-1", "--consumer-region", "Europe"], "give a region such as"),
        (["--service-id", "vpce-svc-1", "--service-name", "com.amazonaws.vpce.eu-west-2.vpce-svc-2"], "two services"),
    ]

    def call(self, arguments, **environment):
        return subprocess.run([DOCTOR, *arguments], env=dict(os.environ, **environment), text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=240, check=False)

    def test_options(self):
        for arguments, says in self.CALLS:
            with self.subTest(" ".join(arguments)):
                done = self.call(arguments)
                self.assertIn(says, done.stderr)
                self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_cause_comes_before_usage(self):
        done = self.call([])
        self.assertRegex(done.stderr, r"\Adoctor: nothing was deployed from this checkout; so give --service-id")
        self.assertIn("usage: iac/bin/doctor", done.stderr)

    def test_help(self):
        done = self.call(["--help"])
        self.assertEqual(done.returncode, 0)
        self.assertIn("usage: iac/bin/doctor", done.stdout)

    def test_no_credentials(self):
        done = self.call(["--service-id", "vpce-svc-1"], AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        self.assertIn("does not take the credentials", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_nobody_answers(self):
        done = self.call(["--service-id", "vpce-svc-1"], AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1")
        self.assertIn("Could not connect", done.stderr)
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    def test_missing_tool(self):
        done = subprocess.run(["/bin/bash", DOCTOR], env={"PATH": "/nowhere"}, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=240, check=False)
        self.assertIn("aws is not installed", done.stderr)
        self.assertEqual(done.returncode, 2)


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
