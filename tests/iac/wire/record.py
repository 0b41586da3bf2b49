"""Requests as they came over the wire, one JSON object a line: whoever listens in a test notes them here.

A file for each process that listens, in the folder that REQUESTS names; without that variable nothing is kept.
"""

import base64
import glob
import json
import os
import re
import threading
from typing import NamedTuple

# Of a signed request's Authorization only what names the service; the signature is of no use.
SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
KEPT_HEADERS = ("content-type", "host", "smithy-protocol", "user-agent")


class Request(NamedTuple):
    method: str
    path: str  # as it was sent, percent-encoded
    query: str
    headers: dict  # of lower-case names
    service: str  # by which it was signed
    region: str
    body: bytes

    @property
    def sender(self):
        """terraform, consumer (Terraform in a consumer's account), cli, mend (a command the doctor printed), or
        test: what a test asks for itself."""
        agent = self.headers.get("user-agent", "")
        named = re.search(r"\bapp/(\w+)", agent) or re.search(r"\bfor-(\w+)", agent)
        if named:
            return named.group(1)
        if "terraform" in agent.lower():
            return "terraform"
        return "cli" if "aws-cli" in agent else "test"


def of(method, path, query, headers, body):
    """`headers` is any iterable of names and values."""
    headers = {name.lower(): value for name, value in headers}
    scope = SCOPE.search(headers.get("authorization", ""))
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS or name.startswith("x-amz-")
            if name not in ("x-amz-security-token", "x-amz-date", "x-amz-content-sha256")}
    return Request(method, path, query, kept, scope["service"] if scope else "", scope["region"] if scope else "", body)


class Recorder:
    """Notes requests from any thread."""

    def __init__(self):
        folder, self.file, self.lock = os.environ.get("REQUESTS"), None, threading.Lock()
        if folder:
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"{os.getpid()}-{id(self)}.jsonl")
            self.file = open(path, "a", encoding="ascii")

    def note(self, request):
        if self.file:
            line = json.dumps(request._replace(body=base64.b64encode(request.body).decode()))
            with self.lock:
                self.file.write(line + "\n")
                self.file.flush()

    def close(self):
        if self.file:
            self.file.close()


def read(folder):
    """Every request that was noted in the folder."""
    for path in sorted(glob.glob(os.path.join(folder, "*.jsonl"))):
        with open(path, encoding="ascii") as file:
            for line in file:
                request = Request(*json.loads(line))
                yield request._replace(body=base64.b64decode(request.body))
