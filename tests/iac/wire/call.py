"""Which operation a request calls, and with which members: read back by botocore's own models."""

import functools
import json
import urllib.parse
from typing import NamedTuple

import botocore.exceptions
import botocore.model
import botocore.session

from . import form, rest
from .record import Request

# The name by which a request is signed → the model's, where they differ.
MODELS = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
SESSION = botocore.session.get_session()


class Unreadable(Exception):
    """The models know no such service, operation or form of a request; the text says which."""


class Call(NamedTuple):
    service: str  # as the models and the AWS CLI name it
    operation: str
    members: dict  # as the model names them; numbers and booleans may be text
    unknown: list  # names of parameters that the model does not have
    request: Request

    @property
    def name(self):
        return f"{self.service}:{self.operation}"

    @property
    def input(self):
        """The shape of what may be sent, or None."""
        return model(self.service).operation_model(self.operation).input_shape


@functools.cache
def model(service):
    try:
        return SESSION.get_service_model(service)
    except botocore.exceptions.UnknownServiceError:
        raise Unreadable(f"there is no service {service!r}") from None


def operation(service, name):
    try:
        return model(service).operation_model(name)
    except botocore.model.OperationNotFoundError:
        raise Unreadable(f"{service} has no operation {name!r}") from None


def of(request):
    service = MODELS.get(request.service, request.service)
    if request.headers.get("smithy-protocol"):
        raise Unreadable(f"{service} is asked in {request.headers['smithy-protocol']}, which is not read here")
    target = request.headers.get("x-amz-target")
    if target:
        return of_json(request, service, target.split(".")[-1])
    given = request.body if b"Action=" in request.body else request.query.encode()
    if b"Action=" in given:
        return of_form(request, service, dict(urllib.parse.parse_qsl(given.decode(), keep_blank_values=True)))
    found = rest.operation(model(service), request)
    if found is None:
        raise Unreadable(f"{service} has no operation at {request.method} {request.path}")
    found, members, unknown = found
    return Call(service, found, members, unknown, request)


def of_json(request, service, name):
    operation(service, name)
    try:
        members = json.loads(request.body or b"{}")
    except ValueError:
        raise Unreadable(f"{service}:{name} got no JSON") from None
    return Call(service, name, members, [], request)


def of_form(request, service, pairs):
    found = operation(service, pairs.pop("Action"))
    pairs.pop("Version", None)
    members, unknown = form.members(found.input_shape, pairs, model(service).metadata["protocol"] == "ec2")
    return Call(service, found.name, members, unknown, request)
