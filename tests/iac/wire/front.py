"""What stands before the emulator: it notes each request, lets one in at a time, and tells of each what came of it.
A client that has lost the answer gets it again when it asks again.

The emulator's threads share dictionaries, and one that changes a dictionary breaks another that walks through it. A
call is a matter of milliseconds of one interpreter, so that nobody waits longer than before.
"""

import collections
import io
import re
import threading
import traceback

from werkzeug.datastructures import EnvironHeaders

from . import record

SHOWN = 600
# A client asks again within seconds; many calls of others come in that time.
ANSWERS_KEPT = 2000
# AWS's clients give every try of one call the same id, and each try its number.
INVOCATION, TRY, FIRST = "HTTP_AMZ_SDK_INVOCATION_ID", "HTTP_AMZ_SDK_REQUEST", "attempt=1"
# A line for each call begins with the status; what belongs to it follows on lines of its own.
FAILURE = re.compile(r"^5\d\d (?:.*\n)(?:(?!\d\d\d [A-Z]).*\n)*", re.MULTILINE)
FAILED = "500 INTERNAL SERVER ERROR"


class Front:
    """A WSGI application before another one. `log` is an open file, and gets a line for each call; of one that is
    refused what was asked and answered too: Terraform tries such a call again and again, and says nothing. Of one that
    fails it gets the traceback.

    A call that was done is not done again for a further try of it, as the second creation of a thing would fail, and
    Terraform with it: on a busy machine a connection ends now and then before its answer has arrived.
    """

    def __init__(self, application, log):
        self.application, self.log, self.turn, self.recorder = application, log, threading.Lock(), record.Recorder()
        self.kept = collections.OrderedDict()

    def __call__(self, environ, start_response):
        asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(asked)
        self.recorder.note(record.of(environ["REQUEST_METHOD"], environ["REQUEST_URI"].partition("?")[0],
                                     environ["QUERY_STRING"], EnvironHeaders(environ), asked))
        action = environ.get("HTTP_X_AMZ_TARGET") or b"".join(re.findall(rb"(?:^|&)Action=(\w+)", asked)).decode()
        with self.turn:
            status, headers, answer, failure = self.answer_once(environ)
            line = f"{status} {environ['REQUEST_METHOD']} {action or environ['PATH_INFO']}"
            if not environ.get(TRY, FIRST).startswith(FIRST):
                line += f" ({environ[TRY]})"
            if status >= "4":
                line += f" {asked[:SHOWN]} {answer[:SHOWN]}"
            self.log.write(f"{line}\n{failure}")
            self.log.flush()
        start_response(status, headers)
        return [answer]

    def answer_once(self, environ):
        """The same; for a further try of a call that was done, what was answered then."""
        invocation = environ.get(INVOCATION)
        if invocation in self.kept:
            return self.kept[invocation]
        answered = self.answer(environ)
        if invocation and answered[0] < "3":
            self.kept[invocation] = answered
            if len(self.kept) > ANSWERS_KEPT:
                self.kept.popitem(last=False)
        return answered

    def answer(self, environ):
        """(status, headers, body, traceback)."""
        begun = []
        try:
            answer = b"".join(self.application(environ, lambda *given: begun.append(given)))
            return *begun[-1][:2], answer, ""
        except Exception:  # pylint: disable=broad-except
            return FAILED, [("Content-Type", "text/plain")], b"the emulator failed; its log tells why", \
                traceback.format_exc()


def failures(path):
    """The calls that failed, by the log: of each its line and its traceback."""
    with open(path, encoding="utf-8") as file:
        return FAILURE.findall(file.read())
