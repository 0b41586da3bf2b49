"""moto 5.2.1 with what it lacks of AWS, on 127.0.0.1 at a port of the kernel's choice.

usage: python3 tests/iac/emulator PORT_FILE
Every request is noted in the folder that REQUESTS names.
The file gets the port once connections are taken; SIGTERM ends it.
"""

import importlib
import os
import signal
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from wire.front import Front  # noqa: E402 pylint: disable=wrong-import-position

# Every other file of this folder changes moto when it is imported.
HERE = os.path.dirname(os.path.abspath(__file__))
PATCHES = sorted(name[:-3] for name in os.listdir(HERE) if name.endswith(".py") and name != "__main__.py")


class Quiet(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        pass


def main(port_file):
    for name in PATCHES:
        importlib.import_module(name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    application = Front(DomainDispatcherApplication(create_backend_app), sys.stderr)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    os.environ["MOTO_PORT"] = str(server.port)
    # Whoever waits for the file never sees it half written.
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.port}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
