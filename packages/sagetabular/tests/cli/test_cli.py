"""What every command does: help, exit codes, and two lines for a mistake."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def test_help_lists_the_commands(pipeline):
    ended = pipeline("--help")
    assert ended.code == 0
    commands = (
        "compile graph run upsert stop resume executions show logs report clean mlflow predict "
        "invoke model registry data"
    )
    for command in commands.split():
        assert command in ended.out


def test_help_comes_without_reading_or_importing_what_it_does_not_need(tmp_path):
    code = (
        "import sys\nfrom sagetabular.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'pydantic', 'yaml', 'jinja2', 'numpy', 'pandas', 'optuna', 'boto3'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "[]\n")


def test_a_command_that_does_not_exist_ends_with_exit_code_2(pipeline):
    ended = pipeline("complie")
    assert ended.code == 2
    assert "complie" in ended.err


@pytest.mark.parametrize(
    "command", [["compile"], ["run"], ["executions"], ["show", "x"], ["data", "sample"]]
)
def test_outside_a_project_every_command_says_so(pipeline, tmp_path, command):
    rule, remedy = pipeline(*command, folder=tmp_path).mistake
    expected = f"{tmp_path.resolve()}: neither it nor a folder above it holds conf/pipeline.yaml."
    assert rule == expected
    assert remedy == "Change into the project's folder."
    assert not (tmp_path / ".pipeline").exists()


def test_a_process_of_its_own_ends_with_the_same_code_and_lines(example):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", "from sagetabular.cli import main; main()", "compile"],
        cwd=example.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 2
