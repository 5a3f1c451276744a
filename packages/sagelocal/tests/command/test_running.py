"""`sagelocal run` and `sagelocal resume`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from readme import block, commands
from small_steps import FAIL
from waiting import wait_until

from sagelocal import LocalSageMaker
from sagelocal.cli import main

ENOUGH = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}
UNLESS = "import os, sys; sys.exit(0 if os.path.exists(sys.argv[1]) else 'Not yet. Wait.')"


def test_what_the_readme_shows_runs_and_ends_as_it_says(sagelocal, folder, capfd) -> None:
    (folder / "definition.json").write_text(block("json"))
    succeeds, fails = [sagelocal(*words) for words in commands() if words[0] == "run"]
    assert (succeeds.code, fails.code) == (0, 1)
    assert "Too few rows." in fails.out
    exec(compile(block("python"), "README.md", "exec"), {})
    assert capfd.readouterr().out == "Succeeded 0\n"


def test_a_run_tells_its_steps_on_stderr_and_its_result_on_stdout(
    sagelocal, save, build, latest
) -> None:
    ended = sagelocal("run", save(build.processing("Count"), name="my_pipe line.json"))
    assert ended.code == 0
    progress = [line.split(" s  ")[1] for line in ended.err.splitlines()]
    assert progress == ["Count (Processing) executing", "Count (Processing) succeeded"]
    record = latest()
    assert ended.out.startswith(f"{record.id}  my-pipe-line  Succeeded")
    assert record.pipeline_name == "my-pipe-line"
    assert str(record.directory) in ended.out


def test_a_failure_ends_with_1_and_says_why_and_how_to_go_on(sagelocal, save, latest) -> None:
    ended = sagelocal("run", save(ENOUGH), "--name", "houses")
    assert ended.code == 1
    assert "Stop: enough" in ended.out
    assert f"sagelocal resume {latest().id}\n" in ended.out
    assert latest().pipeline_name == "houses"


def test_the_result_as_json_is_the_record(sagelocal, save, build, latest) -> None:
    file = save(build.processing("Count"), parameters=[{"Name": "Rows", "Type": "Integer"}])
    shown = sagelocal("run", file, "--set", "Rows=3", "--json").json()
    record = latest()
    assert (shown["id"], shown["status"]) == (record.id, "Succeeded")
    assert shown["parameters"] == {"Rows": 3}
    assert shown["steps"]["Count"]["response"] == record.steps["Count"].response
    assert sagelocal("show", record.id, "--json").json() == shown


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
@example(" a\n")
@example("-x=y")
@example("")
@settings(max_examples=30, deadline=None)
def test_a_value_arrives_as_it_was_given(value: str) -> None:
    document = {"Parameters": [{"Name": "Text", "Type": "String"}], "Steps": [ENOUGH]}
    with tempfile.TemporaryDirectory() as folder:
        file, home = Path(folder, "d.json"), Path(folder, "home")
        file.write_text(json.dumps(document))
        assert main(["run", str(file), "--home", str(home), "--set", f"Text={value}"]) == 1
        (record,) = LocalSageMaker(home).executions()
        assert record.parameters == {"Text": value}


def test_home_is_the_option_else_the_variable_else_a_folder_here(
    sagelocal, save, folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save(ENOUGH)
    sagelocal("run", file)
    assert (folder / ".sagelocal/executions").is_dir()
    monkeypatch.setenv("SAGELOCAL_HOME", "from variable")
    assert "--home" not in sagelocal("run", file).out
    assert (folder / "from variable/executions").is_dir()
    ended = sagelocal("run", file, "--home", "from option")
    assert (folder / "from option/executions").is_dir()
    assert "--home 'from option'\n" in ended.out, "the commands it names must find the execution"
    for command in ("run", "executions", "show", "logs", "resume"):
        shown = sagelocal(command, "--help").out
        assert "SAGELOCAL_HOME" in shown
        assert ".sagelocal" in shown


def test_an_unchanged_step_is_reused_unless_told_otherwise(sagelocal, save, build, latest) -> None:
    cached = {"CacheConfig": {"Enabled": True, "ExpireAfter": "1d"}}
    file = save(build.processing("Count", step=cached))
    statuses = []
    for options in ([], [], ["--no-cache"]):
        sagelocal("run", file, *options)
        statuses.append(latest().steps["Count"].shown_status)
    assert statuses == ["Succeeded", "Succeeded (cached)", "Succeeded"]


def test_an_execution_that_failed_is_resumed_under_its_identifier(
    sagelocal, save, build, folder, latest
) -> None:
    mark = folder / "mark"
    file = save(build.processing("First"), build.processing("Wait", UNLESS, str(mark)))
    assert sagelocal("run", file).code == 1
    first = latest()
    mark.touch()
    ended = sagelocal("resume", first.id[:12])
    assert (ended.code, latest().id, latest().status) == (0, first.id, "Succeeded")
    assert latest().steps["First"].end_time == first.steps["First"].end_time


def test_slots_limit_how_many_jobs_run_at_once(sagelocal, save, build, folder) -> None:
    alone = (
        "import os, sys, time\n"
        "os.mkdir(sys.argv[1])\n"  # fails while another one has it
        "time.sleep(0.2)\n"
        "os.rmdir(sys.argv[1])\n"
    )
    mark = str(folder / "busy")
    file = save(*(build.processing(name, alone, mark) for name in "ABC"))
    assert sagelocal("run", file, "--slots", "1").code == 0


def test_ctrl_c_ends_with_130_and_the_execution_can_be_resumed(
    save, build, folder, sagelocal, latest
) -> None:
    mark, done = folder / "started", folder / "done"
    endless = (
        "import os, pathlib, sys, time\n"
        "pathlib.Path(sys.argv[1]).touch()\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.01)\n"
    )
    file = save(build.processing("Endless", endless, str(mark), str(done)))
    words = [sys.executable, "-m", "sagelocal", "run", file]
    with subprocess.Popen(words, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert wait_until(mark.exists)
        os.kill(run.pid, signal.SIGINT)
        out, err = run.communicate(timeout=60)
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert "Stopped" in out
    assert latest().status == "Stopped"
    done.touch()
    assert sagelocal("resume", latest().id).code == 0


def test_a_closed_stderr_stops_nothing(save, build, folder, latest) -> None:
    file = save(build.processing("Count"), build.processing("Fail", FAIL))
    words = [sys.executable, "-m", "sagelocal", "run", file]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            words, check=False, stderr=writing, stdout=subprocess.PIPE, timeout=60
        )
    finally:
        os.close(writing)
    assert ended.returncode == 1
    assert latest().failure_reason == "The rule. The remedy."
