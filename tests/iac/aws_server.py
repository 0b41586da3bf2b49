"""The AWS CLI, read in once: most of a call's time goes into its start, and a suite makes a thousand calls.

A program named `aws`, which stands in a folder of its own, hands its arguments, environment and streams to
a server, and the server runs the CLI's own main function in a fork of itself. Works with a CLI that this
Python can import; for any other, the folder stays empty and calls go to the CLI itself.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys

SERVICES = ["ec2", "ecr", "ecs", "elbv2", "logs", "rds-data", "route53", "secretsmanager", "ssm", "sts"]
MESSAGE_BYTES = 1 << 20
CLIENT = """#!{python} -SEs
import json, os, socket, sys
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
socket.send_fds(server, [b"F"], [0, 1, 2])
server.sendall(json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode())
server.shutdown(socket.SHUT_WR)
sys.exit(int(server.recv(16) or b"255"))
"""


class Server:
    """For a `with`: inside it `folder`, put before others on PATH, holds the fast `aws`. `program` is the path of
    the `aws` to run."""

    def __init__(self, folder):
        self.folder, self.path, self.process = folder, os.path.join(folder, "socket"), None
        self.program = shutil.which("aws")

    def __enter__(self):
        os.makedirs(self.folder, exist_ok=True)
        try:
            import awscli.clidriver  # noqa: F401 pylint: disable=import-outside-toplevel,unused-import
        except ImportError:
            return self
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.path],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self.process.stdout.readline() != b"ready\n":
            self.__exit__()
            raise RuntimeError("the server of the AWS CLI did not start")
        client = os.path.join(self.folder, "aws")
        with open(client, "w", encoding="ascii") as file:
            file.write(CLIENT.format(python=sys.executable, path=self.path))
        os.chmod(client, 0o755)
        self.program = client
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.communicate()
            self.process = None


def run(connection, driver):
    """In the fork: the command, with the caller's input, outputs, environment and folder. Sends its status."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    message = b""
    while len(message) < MESSAGE_BYTES and (more := connection.recv(65536)):
        message += more
    arguments, environment, folder = json.loads(message)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        # As a copy it would keep a pipe open that the command has closed.
        os.close(stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    try:
        status = driver.main(arguments)
    except SystemExit as end:
        status = end.code
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(str(status or 0).encode())


def serve(path):
    import awscli.clidriver  # pylint: disable=import-outside-toplevel

    driver = awscli.clidriver.create_clidriver()
    for name in SERVICES:
        # Kept by the session's loader from now on.
        driver.session.get_service_model(name)
        for kind in ("paginators-1", "endpoint-rule-set-1"):
            driver.session.get_component("data_loader").load_service_model(name, kind)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                run(connection, driver)
            finally:
                os._exit(0)
        connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
