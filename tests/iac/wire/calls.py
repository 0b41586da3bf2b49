"""All that was recorded, as calls, by who sent them."""

import os

from . import call, record

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))),
                      "build", "iac", "requests")
# What a test asks for itself is not the project's.
PROJECT = ("terraform", "consumer", "cli", "mend")
# A consumer has an account of its own, and mends are a person's.
DEPLOYER = ("terraform", "cli")


def recorded(folder=None):
    """The project's requests, one after the other."""
    return [request for request in record.read(folder or os.environ.get("REQUESTS", FOLDER))
            if request.sender in PROJECT]


def read(requests):
    """(calls, texts): each request as a call, and why some could not be read."""
    found, wrong = [], []
    for request in requests:
        try:
            found.append(call.of(request))
        except call.Unreadable as error:
            wrong.append(f"{error} (sent by {request.sender})")
    return found, wrong


def of_deployer(requests):
    return read(request for request in requests if request.sender in DEPLOYER)[0]
