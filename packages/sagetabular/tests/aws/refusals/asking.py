"""Every command that asks AWS, and how it may end."""

from __future__ import annotations

import pytest

ROLE = "arn:aws:iam::123456789012:role/pipelines"
COMMANDS = {
    "upsert": ["upsert"],
    "run": ["run", "--on", "aws"],
    "run and wait": ["run", "--on", "aws", "--wait"],
    "executions": ["executions", "--on", "aws"],
    "show": ["show", "abc", "--on", "aws"],
    "logs": ["logs", "abc", "--on", "aws"],
    "report": ["report", "--on", "aws"],
    "clean": ["clean", "--keep", "1", "--on", "aws"],
    "registry list": ["registry", "list", "--on", "aws"],
    "registry show": ["registry", "show", "1", "--on", "aws"],
    "registry approve": ["registry", "approve", "1", "--on", "aws"],
    "invoke": ["invoke", "houses", "../rows.csv"],
    "data upload": ["data", "upload"],
    "data crawl": ["data", "crawl", "s3://the-bucket/csv"],
    "stop": ["stop", "abc"],
    "image push": ["image", "push"],
}
DEPLOYING = ("upsert", "run", "run and wait")
# What a command says before AWS can have refused anything.
SAID_BEFORE = (
    "AWS account ", "As ", "Pipeline ", "Role ", "Stored in ", "Billed ", " " * 12, "Sent ",
    "Table ", "Crawler ", "Reads ", "Database ",
)  # fmt: skip
SIGN_IN = "Sign in (`aws sso login`), or set AWS_PROFILE."


def two_lines(ended, *, exactly=False):
    """What a command that AWS refuses says, without what it had said of its intentions."""
    assert (ended.code, ended.out) == (2, ""), ended
    lines = ended.err.splitlines()
    if not exactly:
        lines = [line for line in lines if not line.startswith(SAID_BEFORE)]
    assert len(lines) == 2, ended
    return lines


every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
deploying = pytest.mark.parametrize("command", [COMMANDS[name] for name in DEPLOYING])
