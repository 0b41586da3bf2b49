"""The application, built from this commit: what it makes of the environment that a task gives it."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import tempfile
import time

import terraform

POSTERN = os.environ.get("POSTERN", os.path.join(terraform.TOP, "build", "release", "postern"))
TIMEOUT_S = 240


class Refused(Exception):
    """It does not serve; the text is what it said."""


def run(*arguments, after=()):
    """What a command of `postern` prints with a new store, in which these commands ran before it."""
    with tempfile.TemporaryDirectory(prefix="postern-") as folder:
        environment = {"DATABASE_URL": f"sqlite:{folder}/postern.db"}
        for command in (["migrate"], *after, arguments):
            done = subprocess.run([os.path.join(terraform.TOP, POSTERN), *command], env=environment, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=TIMEOUT_S, check=False)
        return done.stdout


@contextlib.contextmanager
def serving(**settings):
    """`postern serve` with a new store and these settings; yields its socket and its log's file once it serves."""
    with tempfile.TemporaryDirectory(prefix="postern-") as folder:
        path, log_file = os.path.join(folder, "socket"), os.path.join(folder, "log")
        environment = {"DATABASE_URL": f"sqlite:{folder}/postern.db", "POSTERN_SOCKET": path, "POSTERN_WORKERS": "1",
                       **settings}
        with open(log_file, "w", encoding="utf-8") as stream:
            process = subprocess.Popen([os.path.join(terraform.TOP, POSTERN), "serve"], env=environment,
                                       stdin=subprocess.DEVNULL, stderr=stream)
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while not os.path.exists(path + ".consumers"):
                if process.poll() is not None:
                    with open(log_file, encoding="utf-8") as stream:
                        raise Refused(stream.read())
                if time.monotonic() > deadline:
                    raise Refused(f"it published nothing within {TIMEOUT_S} s")
                time.sleep(0.05)
            yield path, log_file, process
        finally:
            process.terminate()
            process.wait(timeout=TIMEOUT_S)


def consumers(lines):
    """The lines that `postern serve` publishes when POSTERN_CONSUMERS holds these."""
    with serving(POSTERN_CONSUMERS=lines) as (path, _, _):
        with open(path + ".consumers", encoding="ascii") as file:
            return file.read().splitlines()[1:]


def record(kind, content=b""):
    """A FastCGI record of the request 1 (FastCGI specification, section 3.3)."""
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def ask(path, method, target, body):
    """Sends one request over FastCGI, and reads the answer to its end."""
    variables = {"REQUEST_METHOD": method, "PATH_INFO": target, "QUERY_STRING": "", "CONTENT_LENGTH": str(len(body)),
                 "CONTENT_TYPE": "application/json"}
    params = b"".join(bytes([len(name), len(value)]) + name.encode() + value.encode()
                      for name, value in variables.items())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT_S)
        connection.connect(path)
        connection.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4) +
                           (record(5, body) if body else b"") + record(5))
        while connection.recv(65536):
            pass


def log(requests, **settings):
    """The log of a server with these settings that answers the requests (method, path, body) and ends, as objects.

    It ends once it has told its metrics by itself; what came after that is told when it ends.
    """
    with serving(POSTERN_EMF_SECONDS="1", POSTERN_QUIET_MS="10", **settings) as (path, log_file, process):
        for method, target, body in requests:
            ask(path, method, target, body)
        deadline = time.monotonic() + TIMEOUT_S
        while '"postern_store_ready":1' not in open(log_file, encoding="utf-8").read():
            if time.monotonic() > deadline:
                raise Refused(f"it told no metrics within {TIMEOUT_S} s")
            time.sleep(0.05)
        process.terminate()
        process.wait(timeout=TIMEOUT_S)
        with open(log_file, encoding="utf-8") as stream:
            return [json.loads(line) for line in stream]
