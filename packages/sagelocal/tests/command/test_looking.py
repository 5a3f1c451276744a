"""`sagelocal executions`, `show`, `logs` and `--version`."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version

import pytest
from small_steps import after

SAY = "import sys; print(sys.argv[1])"


@pytest.fixture
def ran(sagelocal, save, build, latest):
    """Two steps that print, and one that does not run."""
    steps = [
        build.processing("First", SAY, "one"),
        build.processing("Second", f"{SAY}; sys.exit(3)", "two", step=after("First")),
        build.processing("Third", SAY, "three", step=after("Second")),
    ]
    assert sagelocal("run", save(*steps)).code == 1
    return latest()


def test_executions_are_listed_newest_first(sagelocal, save, ran, latest) -> None:
    sagelocal("run", save({"Name": "Stop", "Type": "Fail", "Arguments": {}}), "--name", "other")
    listed = sagelocal("executions")
    assert listed.code == 0
    names = [line.split()[:3] for line in listed.out.splitlines()]
    assert names == [[latest().id, "other", "Failed"], [ran.id, "definition", "Failed"]]
    assert [one["id"] for one in sagelocal("executions", "--json").json()] == [latest().id, ran.id]


def test_an_empty_home_is_no_error_and_is_not_made(sagelocal, folder) -> None:
    ended = sagelocal("executions")
    assert (ended.code, ended.out) == (0, "")
    assert "No execution yet" in ended.err
    assert sagelocal("executions", "--json").json() == []
    assert not (folder / ".sagelocal").exists()


def test_an_execution_is_shown_by_the_beginning_of_its_name(sagelocal, ran) -> None:
    shown = sagelocal("show", ran.id[:10])
    assert shown.code == 0, "showing a failure is none"
    steps = [line.split()[:3] for line in shown.out.splitlines() if line.startswith("  ")]
    assert steps == [
        ["First", "Processing", "Succeeded"],
        ["Second", "Processing", "Failed"],
        ["Third", "Processing", "NotExecuted"],
    ]


def test_logs_are_those_of_all_steps_or_of_one(sagelocal, ran) -> None:
    all_logs, one = sagelocal("logs", ran.id), sagelocal("logs", ran.id, "Second")
    assert (all_logs.code, one.code) == (0, 0)
    assert [line for line in all_logs.out.splitlines() if not line.startswith("==>")] == [
        "one",
        "two",
    ]
    head, line = one.out.splitlines()
    assert head.startswith("==> Second: ")
    assert line == "two"


def test_a_step_that_never_ran_has_no_logs(sagelocal, ran) -> None:
    ended = sagelocal("logs", ran.id, "Third")
    assert (ended.code, ended.out) == (0, "")
    assert "no logs" in ended.err


def test_a_log_may_hold_anything(sagelocal, save, build, latest) -> None:
    code = "import sys; sys.stdout.buffer.write(b'a\\xff\\n\\xe2\\x82\\xac')"
    file = save(build.processing("First", code), build.processing("Second", SAY, "two"))
    assert sagelocal("run", file).code == 0
    lines = sagelocal("logs", latest().id).out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        *("==> First", "a\ufffd", "€"),
        *("==> Second", "two"),
    ]


def test_who_reads_only_the_beginning_gets_no_traceback(sagelocal, save, build, latest) -> None:
    sagelocal("run", save(build.processing("Much", "for i in range(100_000): print(i)")))
    words = [sys.executable, "-m", "sagelocal", "logs", latest().id]
    # Unbuffered, the end of a text that was cut off would go unnoticed.
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, env=variables, text=True, **pipes) as run:
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 141


def test_the_version_is_that_of_the_distribution(sagelocal) -> None:
    words = [sys.executable, "-m", "sagelocal", "--version"]
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert shown == sagelocal("--version").out == f"sagelocal {version('sagelocal')}\n"
