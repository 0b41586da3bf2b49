#!/usr/bin/env python3
"""The database that was deleted comes back from the snapshot it left, and one that is there is restored beside
itself to a point in time: iac/README.md, "Restoring the database", walked through on the emulator."""

import json
import os
import re
import shlex
import sys
import unittest

import cloud
import suite
import terraform
from aws import aws

DATABASE = ["-target=aws_rds_cluster_instance.this", "-target=aws_cloudwatch_log_group.database"]
README = os.path.join(terraform.TOP, "iac", "README.md")
COPY = None


def setUpModule():
    global COPY
    COPY = terraform.Copy("restore", None, variables={f"{image}_image_digest": digest
                                                      for image, digest in cloud.DIGESTS.items()})


def clusters():
    return {c["DBClusterIdentifier"] for c in aws("rds", "describe-db-clusters")["DBClusters"]}


def log_groups():
    return [g["logGroupName"] for g in aws("logs", "describe-log-groups")["logGroups"]]


def steps():
    """The commands of that section of the page."""
    with open(README, encoding="utf-8") as file:
        [section] = re.findall(r"^## Restoring the database\n(.*?)^## ", file.read(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^    (\S.*)$", section, re.MULTILINE)


class Restore(unittest.TestCase):
    def test_from_the_snapshot_that_destroy_keeps(self):
        COPY.apply(*DATABASE)
        [before] = aws("rds", "describe-db-clusters")["DBClusters"]
        status, text = COPY.command("destroy", KEEP_SNAPSHOT="yes", TF_VAR_deletion_protection="false")
        self.assertEqual(status, 0, text)
        [snapshot] = aws("rds", "describe-db-cluster-snapshots", "--snapshot-type", "manual")["DBClusterSnapshots"]
        name = snapshot["DBClusterSnapshotIdentifier"]
        self.assertRegex(name, r"^postern-final-\d{8}-\d{6}$")
        self.assertIn(f"but for the snapshot {name} of ", text)
        key = aws("kms", "describe-key", "--key-id", snapshot["KmsKeyId"])["KeyMetadata"]
        self.assertEqual((key["Arn"], key["KeyState"]), (before["KmsKeyId"], "Enabled"))
        self.assertEqual((clusters(), log_groups()), (set(), []))

        # RDS writes once more.
        aws("logs", "create-log-group", "--log-group-name", "/aws/rds/cluster/postern/postgresql")
        COPY.variables["database_snapshot"] = name
        COPY.apply(*DATABASE)
        self.assertEqual(clusters(), {"postern"})
        [after] = aws("rds", "describe-db-clusters")["DBClusters"]
        self.assertNotEqual(after["DbClusterResourceId"], before["DbClusterResourceId"])
        self.assertEqual(terraform.changes(COPY.plan(*DATABASE)), {})
        # Where it came from may be forgotten.
        del COPY.variables["database_snapshot"]
        self.assertEqual(terraform.changes(COPY.plan(*DATABASE)), {})

    def test_to_a_point_in_time(self):
        [forget] = [step for step in steps() if "state rm" in step]
        COPY.run(*(word for word in shlex.split(forget)[1:] if not word.startswith("-chdir=")))
        COPY.variables.update(database_identifier="postern-2", database_point_in_time=json.dumps(
            {"cluster": "postern", "time": "2026-01-31T12:00:00Z"}))
        COPY.apply(*DATABASE)
        self.assertEqual(clusters(), {"postern", "postern-2"})
        self.assertEqual(terraform.changes(COPY.plan(*DATABASE)), {})
        # Where it came from may be forgotten.
        del COPY.variables["database_point_in_time"]
        self.assertEqual(terraform.changes(COPY.plan(*DATABASE)), {})

    def test_steps_are_told(self):
        told = "\n".join(steps())
        for variable in ("database_snapshot", "database_point_in_time", "database_identifier"):
            self.assertIn(variable, told)


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
