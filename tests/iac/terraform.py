"""A copy of the configuration under build/iac, and Terraform run in it.

The copy is given no retries, so that a call which the emulator lacks fails at once, and shares the
provider that tests/iac/run installed. The configuration itself is not touched.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "iac")
INPUTS = os.path.join(TOP, "tests", "iac", "inputs")
# Longer than any command takes here; one that hangs is ended.
TIMEOUT_S = 700
# Few retries, as the emulator answers at once if at all; some, as a busy one drops a connection now and then.
OVERRIDE = 'provider "aws" {\n  max_retries = 4\n}\n'
LEFT_OUT = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.auto.tfvars", "terraform.tfvars", "*_override.tf",
                                  "backend.tf")


# The commands that run, each the leader of a process group, in which Terraform and its provider are too.
RUNNING = set()
ENDED = threading.Event()


def end(process):
    """Ends what still runs of its group; without that, the provider outlives a Terraform that is killed."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def end_all(*_):
    """And lets no thread start another."""
    ENDED.set()
    for process in list(RUNNING):
        end(process)
    sys.stdout.flush()
    os._exit(128 + signal.SIGTERM)


signal.signal(signal.SIGTERM, end_all)


class Failure(Exception):
    """A command did not end, or not with a status that was expected; the text is what it printed."""


def whole(arguments, environment):
    """Runs a command with whatever it starts. Returns its exit status and what was printed."""
    if ENDED.is_set():
        raise Failure("the program was told to end")
    process = subprocess.Popen(arguments, env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    RUNNING.add(process)
    try:
        said = process.communicate(timeout=TIMEOUT_S)[0]
    except subprocess.TimeoutExpired:
        end(process)
        said = process.communicate()[0]
        raise Failure(f"{' '.join(arguments)} took over {TIMEOUT_S} s:\n{said}") from None
    finally:
        end(process)
        RUNNING.discard(process)
    return process.returncode, said


class Copy:
    """`root` is the folder below iac/ in which Terraform runs; `inputs` a file of tests/iac/inputs, or None.

    `variables` go beyond that file, may change between two commands, and are spelled as for -var.
    """

    def __init__(self, name, inputs, root="", environment=None, variables=None):
        self.folder = os.path.join(BUILD, "copies", name)
        self.root = os.path.join(self.folder, "iac", root)
        self.file = ["-var-file=" + os.path.join(INPUTS, inputs)] if inputs else []
        self.variables = dict(variables or {})
        self.environment = dict(os.environ, **(environment or {}))
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(os.path.join(TOP, "iac"), os.path.join(self.folder, "iac"), ignore=LEFT_OUT)
        self.forget_hashes()
        with open(os.path.join(self.root, "emulator_override.tf"), "w", encoding="ascii") as file:
            file.write(OVERRIDE)
        data = os.path.join(self.folder, "data")
        shutil.copytree(os.path.join(BUILD, "data", root or "root"), data, symlinks=True)
        self.environment.update(TF_DATA_DIR=data, TF_IN_AUTOMATION="1", TF_INPUT="0", CHECKPOINT_DISABLE="1")

    def forget_hashes(self):
        """Where the lock has hashes, every command reads all of the provider's 700 MB anew to hold it against them. The
        run's `init` has done that."""
        path = os.path.join(self.root, ".terraform.lock.hcl")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^  hashes = \[\n.*?^  \]\n", "", text, flags=re.MULTILINE | re.DOTALL))

    def nothing(self, *names):
        """Sets variables to null, which -var cannot."""
        path = os.path.join(self.folder, "nothing.tfvars")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{name} = null\n" for name in names)
        self.file.append("-var-file=" + path)

    @property
    def inputs(self):
        return self.file + [f"-var={name}={value}" for name, value in self.variables.items()]

    def replace(self, file, pattern, replacement):
        """Breaks one place of the copy; it must be there exactly once."""
        path = os.path.join(self.folder, "iac", file)
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        text, count = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if count != 1:
            raise Failure(f"{file}: {count} places match {pattern}, not one")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)

    def run(self, *arguments, statuses=(0,)):
        """Returns the exit status and what was printed."""
        status, said = whole(["terraform", "-chdir=" + self.root, *arguments], self.environment)
        if status not in statuses:
            raise Failure(f"terraform {' '.join(arguments)} ended with {status}:\n{said}")
        return status, said

    def apply(self, *arguments):
        return self.run("apply", "-auto-approve", "-no-color", *self.inputs, *arguments)[1]

    def destroy(self):
        return self.run("destroy", "-auto-approve", "-no-color", *self.inputs)[1]

    def plan(self, *arguments):
        """The plan as Terraform's JSON; its member `changed` tells whether it would change anything."""
        file = os.path.join(self.folder, "plan")
        status, _ = self.run("plan", "-no-color", "-detailed-exitcode", "-out=" + file, *self.inputs, *arguments,
                             statuses=(0, 2))
        shown = subprocess.run(["terraform", "-chdir=" + self.root, "show", "-json", file], env=self.environment,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=True)
        plan = json.loads(shown.stdout)
        plan["changed"] = status == 2
        return plan

    def command(self, name, *arguments, **environment):
        """One of iac/bin, with the same variables, unasked. Returns its exit status and what it printed."""
        for number, file in enumerate(self.file):
            shutil.copy(file.removeprefix("-var-file="), os.path.join(self.root, f"inputs-{number}.auto.tfvars"))
        variables = {f"TF_VAR_{key}": value for key, value in self.variables.items()}
        return whole([os.path.join(self.folder, "iac", "bin", name), *arguments],
                     self.environment | {"YES": "yes"} | variables | environment)

    def outputs(self):
        text = self.run("output", "-json", "-no-color")[1]
        return {name: output["value"] for name, output in json.loads(text).items()}


def changes(plan):
    """What a plan would do: address → actions, for everything it does not leave alone."""
    return {change["address"]: "+".join(change["change"]["actions"]) for change in plan.get("resource_changes", [])
            if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]}
