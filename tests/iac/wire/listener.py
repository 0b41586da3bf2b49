"""A service of AWS that answers as a test has said, on 127.0.0.1, in each service's own protocol.

It is for what the emulator lacks, and for errors in a certain order. Everything it is asked is noted.
"""

import http.server
import threading
from typing import NamedTuple

from moto.core.exceptions import ServiceException
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from . import call, record


class Refusal(ServiceException):
    """moto would look for the errors of its own exceptions in the models of the module they are of."""


class Error(NamedTuple):
    """What a call is refused with."""
    code: str
    message: str = "refused by the test"


class Listener:
    """For a `with`. `answers` has, for "service:Operation", the members of the answer or an Error; a list holds
    those of one call after the other, and the last one for all that follow. `answers` may change at any time.
    """

    def __init__(self):
        self.answers, self.calls, self.turns, self.lock = {}, [], {}, threading.Lock()
        self.recorder = record.Recorder()
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = record.of(self.command, path, query, self.headers.items(), body)
                status, headers, text = listener.answer(request)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        self.recorder.close()

    def forget(self):
        """The turns of what was answered begin anew; the calls stay."""
        self.turns.clear()

    def answer(self, request):
        """Status, headers and body."""
        self.recorder.note(request)
        asked = call.of(request)
        with self.lock:
            self.calls.append(asked)
            given = self.answers.get(asked.name, Error("InvalidAction", f"the test has no answer to {asked.name}"))
            if isinstance(given, list):
                turn = self.turns[asked.name] = self.turns.get(asked.name, 0) + 1
                given = given[min(turn, len(given)) - 1]
        return serialized(asked, given)


def serialized(asked, given):
    model = get_service_model(asked.service)
    serializer = get_serializer_class(asked.service, model.protocol)(model.operation_model(asked.operation))
    if isinstance(given, Error):
        given = Refusal(given.code, given.message)
    answer = serializer.serialize(given)
    return answer["status_code"], answer["headers"], answer["body"].encode()
