"""The program's tables of metrics, fcgi-app/metrics/*.def, read for the checks and tests that hold something against
them. A table whose form is not understood reads as empty."""
import pathlib
import re
from typing import NamedTuple

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "fcgi-app/metrics"
LABEL = re.compile(r'^LABEL\((\w+), \w+, "(\w+)"\)', re.MULTILINE)
VALUE = re.compile(r'^VALUE\((\w+), \w+, "([^"]*)"\)', re.MULTILINE)
METRIC = re.compile(r'^METRIC\((\w+), (\w+), \w+, "(\w+)",\s*"[^"]*",\s*([^)]*)\)', re.MULTILINE)
EMF = re.compile(r"^EMF\((\w+), (\w+), ([^)]*)\)", re.MULTILINE)
NAMED = re.compile(r"LABEL_(?!NONE)(\w+)")


class Metric(NamedTuple):
    name: str
    kind: str  # COUNTER, GAUGE or HISTOGRAM
    labels: tuple


class Told(NamedTuple):
    """What CloudWatch is told of a metric."""
    metric: Metric
    dimensions: tuple
    total: bool  # and the sum over all of them, without dimensions


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def label_names(row):
    names = dict(LABEL.findall(read("labels.def")))
    return tuple(names[label] for label in NAMED.findall(row))


def metrics():
    """Each by its identifier, such as REQUESTS."""
    rows = METRIC.findall(read("metrics.def"))
    return {value: Metric(name, kind, label_names(row)) for value, kind, name, row in rows}


def told():
    known = metrics()
    return [Told(known[value], label_names(row), total == "true")
            for value, total, row in EMF.findall(read("emf.def"))]


def values():
    """Label → its values, of those that have few."""
    names, found = dict(LABEL.findall(read("labels.def"))), {}
    for label, text in VALUE.findall(read("labels.def")):
        found.setdefault(names[label], set()).add(text)
    return found
