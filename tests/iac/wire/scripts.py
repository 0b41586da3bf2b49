"""Which operations the commands of iac/bin name: what they call, and what they print for a person to call."""

import functools
import os
import re

from botocore import xform_name

from . import call

# Commands of the CLI that are no operation's name.
CUSTOM = {("ecr", "get-login-password"): "GetAuthorizationToken"}
# Those that ask no service that signs its requests.
LOCAL = {("configure", "get"), ("sso", "login")}
SERVICE, COMMAND = r"(?P<service>[a-z][a-z0-9-]+)", r"(?P<command>[a-z]+(?:-[a-z]+)+|get|login)"
# How a call is spelled: by the CLI's name, by doctor.d/gather.sh and by data-api.sh.
FORMS = [
    rf"\baws {SERVICE} (?P<wait>wait )?{COMMAND}",
    rf"\bfetch .+? {SERVICE} {COMMAND}",
    rf"\b(?P<data>data_api|statement) {COMMAND}",
]
# Calls whose service or command is a variable: one in each of the files that the forms above read.
VARIABLE = re.compile(r"\baws (?:rds-data )?\"?\$")
KNOWN = ("gather.sh", "data-api.sh")


def files(folder):
    for path, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            yield os.path.join(path, name)


def lines(path):
    """(number, line), a line that goes on joined with the next."""
    with open(path, encoding="utf-8") as file:
        number, begun = 1, ""
        for at, line in enumerate(file, 1):
            begun += line.rstrip("\n")
            if begun.endswith("\\"):
                begun = begun[:-1]
                continue
            yield number, re.sub(r" +", " ", begun)
            number, begun = at + 1, ""


@functools.cache
def operations(service):
    """The CLI's name of each operation → the model's."""
    return {xform_name(name, "-"): name for name in call.model(service).operation_names}


def waited_for(service, command):
    waiters = call.SESSION.get_waiter_model(service)
    found = [name for name in waiters.waiter_names if xform_name(name, "-") == command]
    return [waiters.get_waiter(name).operation for name in found]


def spelled(found):
    """Every operation that a match may mean, as service:Operation; none if there is no such operation."""
    groups = found.groupdict()
    service, command = groups.get("service") or "rds-data", groups["command"]
    try:
        if groups.get("wait"):
            names = waited_for(service, command)
        elif found.string[found.end():].startswith("-\\("):
            names = [name for known, name in operations(service).items() if known.startswith(command + "-")]
        else:
            names = [CUSTOM.get((service, command)) or operations(service)[command]]
    except (KeyError, ValueError, call.Unreadable):
        return []
    return [f"{service}:{name}" for name in names]


def named(folder):
    """(called, printed, wrong): the operations that scripts call and those that they print, each with its place, and
    the places of what is no operation."""
    called, printed, wrong = {}, {}, []
    for path in files(folder):
        variable = 0
        for number, line in lines(path):
            at = f"{os.path.relpath(path, folder)}:{number}"
            variable += len(VARIABLE.findall(line))
            for found in (found for form in FORMS for found in re.finditer(form, line)):
                if (found.groupdict().get("service"), found["command"]) in LOCAL:
                    continue
                names = spelled(found)
                if not names:
                    wrong.append(f"{at}: {found.group()}")
                for name in names:
                    (printed if path.endswith(".jq") else called).setdefault(name, at)
        if variable != (os.path.basename(path) in KNOWN):
            wrong.append(f"{os.path.relpath(path, folder)}: {variable} calls of a command that is a variable")
    return called, printed, wrong
