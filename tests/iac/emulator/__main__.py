"""moto 5.2.1 with what it lacks of AWS, on 127.0.0.1 at a port of the kernel's choice.

usage: python3 tests/iac/emulator PORT_FILE
The file gets the port once connections are taken; SIGTERM ends it.
"""

import os
import signal
import sys

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

# Each changes moto when it is imported.
import balancer  # noqa: F401
import ec2  # noqa: F401
import ecs  # noqa: F401
import endpoint  # noqa: F401
import endpoint_service  # noqa: F401
import rds  # noqa: F401
import route53  # noqa: F401
import scaling  # noqa: F401


def main(port_file):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    os.environ["MOTO_PORT"] = str(server.port)
    # Whoever waits for the file never sees it half written.
    with open(port_file + ".new", "w", encoding="ascii") as file:
        file.write(f"{server.port}\n")
    os.rename(port_file + ".new", port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
