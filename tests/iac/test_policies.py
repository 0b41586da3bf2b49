#!/usr/bin/env python3
"""The policies: the configuration keeps them all, and each is seen to fail on a copy that breaks it.

The copies are planned over the state of the whole configuration, applied, so that hardly anything is
unknown; nothing of them is applied.
"""

import concurrent.futures
import os
import shutil
import sys
import unittest

import broken
import cloud
import plan
import policy_access  # noqa: F401 - each adds its policies
import policy_network  # noqa: F401
import policy_tasks  # noqa: F401
import policy_watching  # noqa: F401
import suite
import terraform

COPY = None
BATCHES = sorted({change.batch for change in broken.CHANGES})


def setUpModule():
    global COPY
    COPY = cloud.applied("policies")


def findings_of(batch):
    """What the policies say of a copy with the batch's changes."""
    copy = terraform.Copy("policies-" + batch.replace(" ", "-"), "everything.tfvars", variables=COPY.variables)
    shutil.copy(os.path.join(COPY.root, "terraform.tfstate"), copy.root)
    for change in broken.CHANGES:
        if change.batch == batch:
            copy.replace(change.file, change.pattern, change.replacement)
    return plan.findings(plan.Plan(copy.plan("-refresh=false", "-lock=false")))


class Kept(unittest.TestCase):
    def test_each_policy(self):
        found = plan.findings(plan.Plan(COPY.plan()))
        for policy in plan.POLICIES:
            with self.subTest(policy):
                self.assertEqual([sentence for name, sentence in found if name == policy], [])


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            cls.found = dict(zip(BATCHES, pool.map(findings_of, BATCHES)))

    def test_every_policy_is_broken_somewhere(self):
        self.assertEqual(set(plan.POLICIES), {change.policy for change in broken.CHANGES})

    def test_is_found(self):
        for change in broken.CHANGES:
            for policy, sentence in ((change.policy, change.sentence), *change.also):
                with self.subTest(f"{policy}: {sentence}"):
                    said = [text for name, text in self.found[change.batch] if name == policy]
                    self.assertTrue(any(sentence in text for text in said), said)

    def test_nothing_else_is_found(self):
        for batch in BATCHES:
            expected = [pair for c in broken.CHANGES if c.batch == batch
                        for pair in ((c.policy, c.sentence), *c.also)]
            with self.subTest(batch):
                self.assertEqual([(name, text) for name, text in self.found[batch]
                                  if not any(name == policy and part in text for policy, part in expected)], [])


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
