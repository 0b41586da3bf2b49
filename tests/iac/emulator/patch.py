"""How the other files change moto: a function takes the place of a class's method of its name."""

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult


def replacing(cls):
    """The function answers instead of the method, or where there was none."""

    def install(function):
        setattr(cls, function.__name__, function)
        return function

    return install


def computing(cls):
    """The same for an attribute, which the function computes."""

    def install(function):
        setattr(cls, function.__name__, property(function))
        return function

    return install


def after(cls):
    """The function gets the method's answer, may change it, and what it returns, if anything, is sent instead."""

    def install(function):
        original = getattr(cls, function.__name__)

        def method(self, *args, **kwargs):
            answer = original(self, *args, **kwargs)
            changed = function(self, answer)
            return answer if changed is None else changed

        setattr(cls, function.__name__, method)
        return function

    return install


def refusal(request, code, message):
    """The exception that is sent as AWS's error of this code; moto takes its status from the service's model, which it
    finds by the module that the exception is of."""
    return type("Refusal", (ServiceException,), {"__module__": type(request).__module__})(code, message)


def refuse(request, code, message, status):
    """The answer to a call, with a status of its own."""
    _, headers, body = request.serialized(ActionResult(refusal(request, code, message)))
    return status, dict(headers, status=status), body
