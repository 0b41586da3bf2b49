#!/usr/bin/env python3
"""`make destroy` where a deployment or a deletion stopped half-way, on the emulator: it leaves nothing."""

import json
import sys
import unittest

import cloud
import suite
import terraform
from aws import aws

# Of an image, for the registry that is to be deleted.
MANIFEST = json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                       "config": {"digest": "sha256:" + "0" * 64, "size": 1}, "layers": []})
ALLOWED = {"TF_VAR_deletion_protection": "false"}
COPY = None


def setUpModule():
    global COPY
    COPY = terraform.Copy("destroy", None, variables={f"{image}_image_digest": digest
                                                      for image, digest in cloud.DIGESTS.items()})


class Destroy(unittest.TestCase):
    def assert_refused(self, sentence):
        status, text = COPY.command("destroy")
        self.assertEqual(status, 1, text)
        self.assertIn(sentence, text)

    def assert_all_is_deleted(self):
        status, text = COPY.command("destroy", **ALLOWED)
        self.assertEqual(status, 0, text)
        for command, left in cloud.left_over().items():
            self.assertEqual(left, [], command)
        self.assert_refused("nothing that is deployed")

    def push_image(self):
        aws("ecr", "put-image", "--repository-name", "postern/app", "--image-manifest", MANIFEST)

    def test_of_nothing(self):
        self.assert_refused("nothing that is deployed")

    def test_after_a_deletion_that_failed(self):
        """The cluster is as one that took too long to be made."""
        COPY.apply("-target=aws_ecr_repository.image", "-target=aws_rds_cluster.this")
        COPY.run("taint", "aws_rds_cluster.this")
        self.push_image()
        COPY.run("destroy", "-auto-approve", "-target=aws_ecr_repository.image", *COPY.inputs, statuses=(1,))
        self.assertNotIn("region", COPY.outputs())
        self.assertEqual([c["DeletionProtection"] for c in aws("rds", "describe-db-clusters")["DBClusters"]], [True])
        self.assert_refused("TF_VAR_deletion_protection=false make destroy")
        self.assert_all_is_deleted()


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
