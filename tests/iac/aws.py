"""The AWS CLI, by which tests look for themselves. What it asks is noted as theirs, not as the project's."""

import json
import os
import subprocess

# A busy machine starts it slowly.
TIMEOUT_S = 300


class Failure(Exception):
    """The CLI ended with an error; the text is its own."""


def aws(*arguments, environment=None):
    """What the CLI answers, as JSON, or None if it answers nothing."""
    done = subprocess.run(["aws", "--output", "json", *arguments], text=True, timeout=TIMEOUT_S, check=False,
                          env=dict(os.environ, **((environment or {}) | sender("test"))),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Failure(f"aws {' '.join(arguments)}: {done.stderr.strip()}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def sender(name):
    """Variables by which requests are noted as those of `name`: the AWS CLI's, and Terraform's."""
    return {"AWS_SDK_UA_APP_ID": name, "TF_APPEND_USER_AGENT": "for-" + name}


def filters(**values):
    """--filters of the EC2 commands: underscores stand for hyphens."""
    return ["--filters", *(f"Name={name.replace('_', '-')},Values={value}" for name, value in values.items())]


def account(number):
    """The environment of somebody in another account, who has taken a role there."""
    given = aws("sts", "assume-role", "--role-arn", f"arn:aws:iam::{number}:role/deployer",
                "--role-session-name", "test")["Credentials"]
    return {"AWS_ACCESS_KEY_ID": given["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"], **sender("consumer")}
