#!/usr/bin/env python3
"""The picture: it was drawn from its source, and shows what the configuration makes.

Two versions of Graphviz draw the same graph in other places, so what is compared is its text.
"""

import os
import subprocess
import sys
import unittest
import xml.etree.ElementTree as xml

import cloud
import plan
import suite
import terraform

SOURCE, PICTURE = (os.path.join(terraform.TOP, "iac", "topology." + ending) for ending in ("dot", "svg"))
SVG = "{http://www.w3.org/2000/svg}"
KINDS = {"node", "edge", "cluster", "graph"}

# What the picture must not leave out.
SHOWN = ["aws_vpc", "aws_lb", "aws_lb_listener", "aws_lb_target_group", "aws_ecs_cluster", "aws_ecs_service",
         "aws_ecs_task_definition", "aws_appautoscaling_target", "aws_vpc_endpoint_service", "aws_vpc_endpoint",
         "aws_vpc_endpoint_service_private_dns_verification", "aws_instance", "aws_rds_cluster", "aws_route53_zone",
         "aws_route53_record", "aws_ecr_repository", "aws_secretsmanager_secret", "aws_cloudwatch_metric_alarm"]


def shapes(picture):
    """Of each node, edge and cluster: its title, its text, and the Terraform types it stands for."""
    found = []
    for group in xml.fromstring(picture).iter(SVG + "g"):
        classes = set(group.get("class", "").split())
        if classes & KINDS:
            text = " ".join((t.text or "").strip() for t in group.findall(SVG + "text"))
            found.append((group.findtext(SVG + "title") or "", text, tuple(sorted(classes - KINDS))))
    return sorted(found)


class Topology(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(PICTURE, "rb") as file:
            cls.shapes = shapes(file.read())
        cls.text = " ".join(text for _, text, _ in cls.shapes)
        cls.types = {kind for _, _, kinds in cls.shapes for kind in kinds}
        cls.plan = plan.Plan(cloud.everything("topology").plan())

    def test_drawn_from_source(self):
        drawn = subprocess.run(["dot", "-Tsvg", SOURCE], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(self.shapes, shapes(drawn), "`make topology` draws it anew")

    def test_types(self):
        planned = {resource.kind for resource in self.plan.resources}
        for kind in sorted(self.types):
            with self.subTest(f"{kind} of the picture is in the plan"):
                self.assertIn(kind, planned)
        for kind in SHOWN:
            with self.subTest(f"{kind} of the plan is in the picture"):
                self.assertIn(kind, planned)
                self.assertIn(kind, self.types)

    def test_words(self):
        words = self.text.replace(",", " ").replace(";", " ").split()
        for endpoint in self.plan.of("aws_vpc_endpoint"):
            name = endpoint["service_name"]
            if name and ".vpce-svc-" not in name:
                with self.subTest(name):
                    self.assertIn(name.split(".", 3)[3], words)
        for zone in self.plan.of("aws_route53_zone"):
            with self.subTest(zone["name"]):
                self.assertIn(zone["name"], words)
        for record in self.plan.of("aws_route53_record"):
            if record["type"] == "A":
                with self.subTest(record["name"]):
                    self.assertIn(record["name"].split(".")[0], words)
        for repository in self.plan.of("aws_ecr_repository"):
            with self.subTest(repository["name"]):
                self.assertIn(repository["name"].rsplit("/", 1)[-1], words)
        for listener in self.plan.of("aws_lb_listener"):
            with self.subTest(listener.address):
                self.assertIn(f":{listener['port']}", words + [word.strip("()") for word in words])
        for target in self.plan.of("aws_appautoscaling_target"):
            with self.subTest(target.address):
                self.assertIn(f"{target['min_capacity']} to {target['max_capacity']} tasks", self.text)


if __name__ == "__main__":
    sys.exit(suite.main(emulator=True))
