"""moto 5.2.1 with what it lacks of AWS, on 127.0.0.1 at a port of the kernel's choice.

usage: python3 tests/iac/emulator PORT_FILE
Every request is noted in the folder that REQUESTS names.
The file gets the port once connections are taken; SIGTERM ends it.
"""

import importlib
import io
import os
import re
import signal
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.datastructures import EnvironHeaders
from werkzeug.serving import WSGIRequestHandler, make_server

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from wire import record  # noqa: E402 pylint: disable=wrong-import-position

# Every other file of this folder changes moto when it is imported.
HERE = os.path.dirname(os.path.abspath(__file__))
PATCHES = sorted(name[:-3] for name in os.listdir(HERE) if name.endswith(".py") and name != "__main__.py")


class Logged:
    """A line for each call; what was asked and answered too when it is refused: Terraform tries such a call
    again and again, and says nothing."""

    def __init__(self, application):
        self.application, self.recorder = application, record.Recorder()

    def __call__(self, environ, start_response):
        asked = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(asked)
        self.recorder.note(record.of(environ["REQUEST_METHOD"], environ["REQUEST_URI"].partition("?")[0],
                                     environ["QUERY_STRING"], EnvironHeaders(environ), asked))
        status = []

        def start(line, headers, exc_info=None):
            status.append(line)
            return start_response(line, headers, exc_info)

        answer = b"".join(self.application(environ, start))
        action = environ.get("HTTP_X_AMZ_TARGET") or b"".join(re.findall(rb"(?:^|&)Action=(\w+)", asked)).decode()
        line = f"{status[0]} {environ['REQUEST_METHOD']} {action or environ['PATH_INFO']}"
        sys.stderr.write(line + (f" {asked[:600]} {answer[:600]}\n" if status[0] >= "4" else "\n"))
        return [answer]


class Quiet(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        pass


def main(port_file):
    for name in PATCHES:
        importlib.import_module(name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    application = Logged(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.port)
    # Whoever waits for the file never sees it half written.
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.port}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
