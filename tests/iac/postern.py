"""The application, built from this commit: what it makes of the environment that a task gives it."""

import os
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


def consumers(lines):
    """The lines that `postern serve` publishes when POSTERN_CONSUMERS holds these."""
    with tempfile.TemporaryDirectory(prefix="postern-") as folder:
        socket = os.path.join(folder, "socket")
        published = socket + ".consumers"
        environment = {"DATABASE_URL": f"sqlite:{folder}/postern.db", "POSTERN_SOCKET": socket, "POSTERN_WORKERS": "1",
                       "POSTERN_CONSUMERS": lines}
        process = subprocess.Popen([os.path.join(terraform.TOP, POSTERN), "serve"], env=environment, text=True,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            deadline = time.monotonic() + TIMEOUT_S
            while not os.path.exists(published):
                if process.poll() is not None:
                    raise Refused(process.stderr.read())
                if time.monotonic() > deadline:
                    raise Refused(f"it published nothing within {TIMEOUT_S} s")
                time.sleep(0.05)
            with open(published, encoding="ascii") as file:
                return file.read().splitlines()[1:]
        finally:
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
