"""Holds what was sent against a model's shape: required and unknown members, enumerations, patterns, lengths, ranges.

A model says what the service itself checks first; what only prose says is in prose.py.
"""

import functools
import re
from typing import NamedTuple

# Classes of characters that Python's expressions lack, good enough for what is sent here.
CLASSES = {
    r"\p{L}": "A-Za-z\u00c0-\uffff", r"\p{N}": "0-9", r"\p{Z}": " ", r"\p{M}": "", r"\p{S}": "", r"\p{P}": "!-/:-@_",
    r"\p{Alnum}": "A-Za-z0-9", r"\p{ASCII}": r"\x00-\x7f", r"\p{Graph}": r"\x21-\x7e", r"\p{Print}": r"\x20-\x7e",
    r"\p{Alpha}": "A-Za-z", r"\p{Digit}": "0-9", r"\p{Punct}": "!-/:-@_", r"\p{Cntrl}": r"\x00-\x1f",
}
SHOWN = 120
KINDS = ("required", "unknown", "union", "enum", "pattern", "length", "range", "type")
# (service, kind, member) in which a model is stricter than the service.
NOT_ENFORCED = {
    # At most 100, it says; a secret that RDS manages has an ARN of 108, and people use the Data API with it.
    ("rds-data", "length", "secretArn"),
}


class Violation(NamedTuple):
    kind: str
    call: str  # service:Operation
    path: str  # of the member
    text: str

    def __str__(self):
        return f"{self.call} {self.path}: {self.text}"


def violations(call):
    """Each violation of the call's own model."""
    for name in call.unknown:
        yield Violation("unknown", call.name, name, "the operation has no such parameter")
    if call.input is not None:
        for kind, path, text in check(call.input, call.members, ""):
            if (call.service, kind, path.lstrip(".")) not in NOT_ENFORCED:
                yield Violation(kind, call.name, path.lstrip("."), text)


def shown(value):
    text = repr(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def check(shape, value, path):
    """(kind, path, text) of each fault."""
    yield from CHECKS.get(shape.type_name, nothing)(shape, value, path)


def nothing(*_):
    return ()


def structure(shape, value, path):
    if not isinstance(value, dict):
        yield "type", path, f"{shown(value)} is no structure"
        return
    for name in shape.required_members:
        if name not in value:
            yield "required", f"{path}.{name}", f"is required, and only {', '.join(value) or 'nothing'} is given"
    for name, given in value.items():
        if name in shape.members:
            yield from check(shape.members[name], given, f"{path}.{name}")
        elif not getattr(shape, "is_document_type", False):
            yield "unknown", f"{path}.{name}", f"the model has no such member; it is {shown(given)}"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield "union", path, f"one member of {', '.join(shape.members)} must be given, not {len(value)}"


def several(shape, value, path):
    if not isinstance(value, list):
        yield "type", path, f"{shown(value)} is no list"
        return
    yield from length(shape, value, path)
    for number, item in enumerate(value):
        yield from check(shape.member, item, f"{path}[{number}]")


def mapping(shape, value, path):
    if not isinstance(value, dict):
        yield "type", path, f"{shown(value)} is no map"
        return
    yield from length(shape, value, path)
    for key, item in value.items():
        yield from check(shape.key, key, f"{path}{{key}}")
        yield from check(shape.value, item, f"{path}{{{key}}}")


def string(shape, value, path):
    if not isinstance(value, str):
        yield "type", path, f"{shown(value)} is no text"
        return
    if shape.enum and value not in shape.enum:
        yield "enum", path, f"{shown(value)} is none of {shown(shape.enum)}"
    yield from length(shape, value, path)
    # The loader of botocore leaves the pattern out of what it calls metadata.
    pattern = shape._shape_model.get("pattern")  # pylint: disable=protected-access
    if pattern and not compiled(pattern).fullmatch(value):
        yield "pattern", path, f"{shown(value)} does not match {pattern}"


def length(shape, value, path):
    if not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)):
        yield "length", path, (f"{shown(value)} has length {len(value)}, not {shape.metadata.get('min', 0)} to "
                               f"{shape.metadata.get('max', 'any')}")


@functools.cache
def compiled(pattern):
    # One of XML's, which has halves of UTF-16 characters in it: any text that could be sent matches.
    if "uD7FF" in pattern:
        return re.compile(".*", re.DOTALL)
    for name, characters in CLASSES.items():
        pattern = re.sub(r"(\[(?:[^\]\\]|\\.)*)" + re.escape(name), lambda found: found[1] + characters, pattern)
        pattern = pattern.replace(name, f"[{characters}]")
    return re.compile(pattern, re.DOTALL)


def number(shape, value, path):
    try:
        given = float(value)
    except (TypeError, ValueError):
        yield "type", path, f"{shown(value)} is no number"
        return
    low, high = shape.metadata.get("min", given), shape.metadata.get("max", given)
    if not low <= given <= high:
        yield "range", path, f"{shown(value)} is not within {shape.metadata.get('min')} and {shape.metadata.get('max')}"


def boolean(_shape, value, path):
    if value not in (True, False, "true", "false"):
        yield "type", path, f"{shown(value)} is neither true nor false"


CHECKS = {"structure": structure, "list": several, "map": mapping, "string": string, "boolean": boolean,
          **dict.fromkeys(["integer", "long", "float", "double"], number)}
