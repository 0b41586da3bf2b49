#!/usr/bin/env python3
"""The lines of the log that CloudWatch makes metrics of, held against AWS's schema and the application's tables."""

import copy
import sys
import unittest

import emf
import jsonschema
import postern
import suite

NAMESPACE = "postern-test"
ORDER = b'{"items":[{"product_id":1,"quantity":1}]}'
# Method, path, body, and what each adds to.
REQUESTS = [("GET", "/products/9", b"", {"route": "/products/{id}", "code": "4xx"}),
            ("POST", "/orders", ORDER, {"route": "/orders", "code": "4xx"}),
            ("GET", "/products", b"", {"route": "/products", "code": "2xx"}),
            ("GET", "/nothing/here", b"", {"route": "-", "code": "4xx"})]
VALUES_MAX = 100
LINES = []


def setUpModule():
    asked = [(method, path, body) for method, path, body, _ in REQUESTS]
    LINES[:] = [line for line in postern.log(asked, POSTERN_EMF_NAMESPACE=NAMESPACE) if "_aws" in line]


def directive(line):
    [found] = line["_aws"]["CloudWatchMetrics"]
    return found


def told():
    """What the lines tell: metric, its dimensions with their values, its value."""
    for line in LINES:
        for keys in directive(line)["Dimensions"]:
            for metric in directive(line)["Metrics"]:
                yield metric["Name"], {key: line[key] for key in keys}, line[metric["Name"]]


def faults(line):
    """What AWS would not take of it: by the schema, and what the page's text asks for beside it."""
    found = [error.message for error in jsonschema.Draft7Validator(emf.SCHEMA).iter_errors(line)]
    if found:
        return found
    for key in {key for keys in directive(line)["Dimensions"] for key in keys}:
        if not isinstance(line.get(key), str) or not 1 <= len(line[key]) <= 1024:
            found.append(f"the dimension {key} has no value")
    for metric in directive(line)["Metrics"]:
        value = line.get(metric["Name"])
        if isinstance(value, dict):
            values, counts = value.get("Values", []), value.get("Counts", [])
            numbers = [*values, *counts]
            if not 0 < len(values) <= VALUES_MAX or len(values) != len(counts):
                found.append(f"{metric['Name']} has {len(values)} values and {len(counts)} counts")
        else:
            numbers = [value]
        if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
            found.append(f"{metric['Name']} has a value that is no number")
    return found


class Lines(unittest.TestCase):
    def test_each_is_as_aws_takes_it(self):
        self.assertGreater(len(LINES), len(REQUESTS))
        for line in LINES:
            self.assertEqual(faults(line), [], line)
            self.assertEqual(directive(line)["Namespace"], NAMESPACE)

    def test_faults_are_found(self):
        broken = {"is a required property": lambda line: directive(line).pop("Metrics"),
                  "is not of type 'integer'": lambda line: line["_aws"].update(Timestamp="now"),
                  "does not match": lambda line: directive(line)["Metrics"][0].update(Unit="Hours"),
                  "is too long": lambda line: directive(line).update(Dimensions=[[str(i) for i in range(31)]]),
                  "the dimension no has no value": lambda line: directive(line).update(Dimensions=[["no"]]),
                  "no number": lambda line: line.pop(directive(line)["Metrics"][0]["Name"])}
        for wanted, change in broken.items():
            with self.subTest(wanted):
                line = copy.deepcopy(LINES[0])
                change(line)
                self.assertTrue(any(wanted in fault for fault in faults(line)), faults(line))

    def test_what_they_tell_is_in_the_tables(self):
        for name, dimensions, _ in told():
            self.assertIsNone(emf.wrong(name, {key: None if key == "route" else value
                                               for key, value in dimensions.items()}))

    def test_requests_are_counted(self):
        for method, path, _, dimensions in REQUESTS:
            with self.subTest(f"{method} {path}"):
                counts = [sum(value["Counts"]) for name, found, value in told()
                          if name == "postern_request_duration_seconds" and found == dimensions]
                self.assertEqual(sum(counts), 1)
        total = [sum(value["Counts"]) for name, found, value in told()
                 if name == "postern_request_duration_seconds" and not found]
        self.assertEqual(sum(total), len(REQUESTS))

    def test_gauges_are_told(self):
        self.assertIn(("postern_store_ready", {}, 1), list(told()))


if __name__ == "__main__":
    sys.exit(suite.main())
