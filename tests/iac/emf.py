"""The metrics that the application writes into its log for CloudWatch: what its tables say, and AWS's schema."""

import json
import os
import re
import sys

import terraform

sys.path.append(os.path.join(terraform.TOP, "tests"))
import metric_tables  # noqa: E402 pylint: disable=wrong-import-position

APP = os.path.join(terraform.TOP, "fcgi-app")
with open(os.path.join(terraform.INPUTS, "emf-schema.json"), encoding="utf-8") as stream:
    # CloudWatch User Guide, "Specification: Embedded metric format", its last section; and the limits that stand in
    # that page's text alone: 100 metrics, and 100 values of a metric.
    SCHEMA = json.load(stream)


def read(*path):
    with open(os.path.join(APP, *path), encoding="utf-8") as file:
        return file.read()


def metrics():
    """Name → (type, the sets of dimensions it is told by), by the program's tables."""
    return {metric.name: (metric.kind, {frozenset(dimensions)} | ({frozenset()} if total else set()))
            for metric, dimensions, total in metric_tables.told()}


def values():
    """Dimension → the values it may have, by the program's tables; without those of a route."""
    problems = re.findall(r'^PROBLEM\(\w+,\s*\d+,\s*"([^"]+)"', read("http", "problems.def"), re.MULTILINE)
    return {**metric_tables.values(), "code": {f"{first}xx" for first in range(1, 6)}, "problem": set(problems),
            "result": set(re.findall(r'\[STORE_\w+\] = "([^"]+)"', read("store", "store.c")))}


def wrong(name, dimensions):
    """Why no line of the program has that metric with these dimensions; None if one may. A value of None is any."""
    told, known = metrics(), values()
    if name not in told:
        return f"the application does not write {name}"
    if frozenset(dimensions) not in told[name][1]:
        return f"{name} is not by {sorted(dimensions)}"
    for key, value in dimensions.items():
        if value is not None and value not in known[key]:
            return f"{name} has no {key} {value}"
    return None


def search(expression):
    """The namespace, the metric's name and its dimensions that an expression SEARCH asks for."""
    [(space, keys, condition)] = re.findall(r"""^SEARCH\('\{"([^"]+)",([\w,]+)\} ([^']+)', '\w+', \d+\)$""", expression)
    asked = dict(re.findall(r'(\w+)="([^"]*)"', condition))
    return space, asked.pop("MetricName"), {**dict.fromkeys(keys.split(",")), **asked}
