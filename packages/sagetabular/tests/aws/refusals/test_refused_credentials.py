"""Credentials that are missing, not valid or not enough: two lines, whatever the command."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from asking import COMMANDS, ROLE, SIGN_IN, every_command, two_lines

from sagetabular import run_pipeline

pytestmark = pytest.mark.slow


@every_command
def test_without_credentials(pipeline, project, monkeypatch, command):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert (rule, remedy) == ("AWS credentials are needed, none were found.", SIGN_IN)


@every_command
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_with_a_token_that_is_not_valid(pipeline, project, server, command, code):
    server.refusals["GetCallerIdentity"] = (403, code, "The token is not valid")
    rule, remedy = two_lines(pipeline(*command), exactly=True)
    assert rule == f"AWS credentials must be valid, got {code}: The token is not valid"
    assert remedy == SIGN_IN


@every_command
def test_with_a_token_that_expires_on_the_way(pipeline, project, server, command):
    server.refusals["*"] = (400, "ExpiredTokenException", "The token has expired")
    server.refusals["HeadObject"] = (200, "", "")
    server.refusals["PutObject"] = (400, "ExpiredToken", "The token has expired")
    rule, remedy = two_lines(pipeline(*command))
    assert rule.startswith("AWS credentials must be valid, got ExpiredToken")
    assert remedy == SIGN_IN


@every_command
def test_where_access_is_denied(pipeline, project, server, command):
    server.refusals["*"] = (403, "AccessDeniedException", "User: me\nmay not")
    rule, remedy = two_lines(pipeline(*command))
    assert re.match(
        r"(S3|SageMaker|SageMaker Runtime|ECR|Glue) refused \w+.*: (AccessDeniedException|403): ",
        rule,
    )
    assert "permissions" in remedy and "`pipeline doctor --on aws`" in remedy


def test_run_pipeline_says_the_same_with_its_own_exit_code(project, server, monkeypatch, capsys):
    server.refusals["GetCallerIdentity"] = (403, "ExpiredToken", "no")
    monkeypatch.chdir(project.root)
    with pytest.raises(SystemExit) as ended:
        run_pipeline.main(["-n", "pipelines.training.pipeline", "-role-arn", ROLE])
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (1, "")
    assert printed.err.splitlines() == [
        "AWS credentials must be valid, got ExpiredToken: no", SIGN_IN
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["upsert", "run", "stop", "image push"])
def test_a_process_of_its_own_says_the_same(project, server, name):
    server.refusals["GetCallerIdentity"] = (403, "ExpiredToken", "no")
    program = "from sagetabular.cli import main; main()"
    ended = subprocess.run(
        [sys.executable, "-c", program, *COMMANDS[name]],
        cwd=project.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(project.root), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        "AWS credentials must be valid, got ExpiredToken: no", SIGN_IN
    ]  # fmt: skip
