"""The AWS CLI, as a person would ask it."""

import json
import os
import subprocess

TIMEOUT_S = 60


class Failure(Exception):
    """The CLI ended with an error; the text is its own."""


def aws(*arguments, environment=None):
    """What the CLI answers, as JSON, or None if it answers nothing."""
    done = subprocess.run(["aws", "--output", "json", *arguments], env=dict(os.environ, **(environment or {})),
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise Failure(f"aws {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def filters(**values):
    """--filters of the EC2 commands: underscores stand for hyphens."""
    return ["--filters", *(f"Name={name.replace('_', '-')},Values={value}" for name, value in values.items())]


def account(number):
    """The environment of somebody in another account, who has taken a role there."""
    given = aws("sts", "assume-role", "--role-arn", f"arn:aws:iam::{number}:role/deployer",
                "--role-session-name", "test")["Credentials"]
    return {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"]}
