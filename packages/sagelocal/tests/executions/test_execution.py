from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from waiting import wait_until

import sagelocal
from sagelocal import ExecutionNotFoundError, list_executions, load_execution
from sagelocal.executions.creation import create_execution, new_id
from sagelocal.executions.records import StepRecord

DEFINITION = b'{"exact":   "bytes"}'

TIME = "2026-11-30T12:00:00.000+00:00"


@pytest.fixture
def create(home: Path):
    """Make an execution, which counts as running until the test ends."""
    with ExitStack() as running:

        def make():
            made = create_execution(
                home,
                pipeline_name="demo",
                definition=DEFINITION,
                parameters={"Folds": 5},
                metadata={"data": "made up"},
                steps={"B": StepRecord("B", "Processing"), "A": StepRecord("A", "Tuning")},
            )
            return running.enter_context(made)

        make.end = running.close
        yield make


def test_a_new_record_holds_everything_and_reads_back(home: Path, create) -> None:
    record = create()
    assert load_execution(home, record.id) == record
    assert (record.directory / "definition.json").read_bytes() == DEFINITION
    assert json.loads((record.directory / "parameters.json").read_text()) == {"Folds": 5}
    assert (record.status, record.pipeline_name) == ("Executing", "demo")
    assert record.metadata == {"data": "made up"}
    assert list(record.steps) == ["B", "A"]
    assert record.steps["A"] == StepRecord("A", "Tuning", "NotExecuted")
    assert record.start_time.endswith("+00:00")


def test_identifiers_sort_by_time_and_differ(home: Path, create) -> None:
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", new_id())
    made = [create().id for _ in range(20)]
    assert len(set(made)) == 20
    assert [record.id for record in list_executions(home)] == sorted(made, reverse=True)


def test_nothing_is_listed_before_anything_has_run(home: Path) -> None:
    assert list_executions(home) == []
    with pytest.raises(ExecutionNotFoundError, match=r"None has been started yet\."):
        load_execution(home, "x")


def test_the_beginning_of_an_identifier_is_enough_while_it_is_unmistakable(
    home: Path, create, monkeypatch: pytest.MonkeyPatch
) -> None:
    for identifier in ("20260101-000000-aaaa", "20260101-000000-bbbb"):
        monkeypatch.setattr("sagelocal.executions.creation.new_id", lambda name=identifier: name)
        create()
    assert load_execution(home, "20260101-000000-b").id == "20260101-000000-bbbb"
    with pytest.raises(ExecutionNotFoundError, match="beginning of 2 executions"):
        load_execution(home, "2026")
    for unknown in ("1999", "", "../executions", "20260101-000000-bbbbb"):
        with pytest.raises(ExecutionNotFoundError, match="The latest is 20260101-000000-bbbb"):
            load_execution(home, unknown)


def test_a_step_record_that_was_written_reads_back(home: Path, create) -> None:
    record = create()
    step = StepRecord("A", "Tuning", "Failed", TIME, TIME, {"x": [1]}, {"ExitCode": 2}, None, "why")
    record.write_step(step)
    found = load_execution(home, record.id).steps["A"]
    assert found == step
    assert found.exit_code == 2
    assert load_execution(home, record.id).steps["B"].exit_code is None


def test_an_execution_that_nobody_runs_any_more_was_interrupted(home: Path, create) -> None:
    record = create()
    record.write_step(StepRecord("B", "Processing", "Executing"))
    assert load_execution(home, record.id).status == "Executing"
    create.end()
    found = load_execution(home, record.id)
    assert found.status == "Interrupted"
    assert found.failure_reason == "The process that ran it ended before the execution did."
    assert found.steps["B"].status == "Stopped"
    assert found.steps["A"].status == "NotExecuted"


def test_a_record_that_ended_is_believed_whoever_wrote_it(home: Path, create) -> None:
    record = replace(create(), status="Succeeded")
    record.write()
    create.end()
    assert load_execution(home, record.id).status == "Succeeded"


def test_what_another_version_has_noted_does_not_disturb(home: Path, create) -> None:
    record = create()
    path = record.directory / "execution.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": 1, "mood": "good"}))
    assert load_execution(home, record.id) == record


def test_two_executions_of_one_moment_get_names_of_their_own(create, monkeypatch) -> None:
    names = iter(["20260101-000000-aaaa"] * 2 + ["20260101-000000-bbbb"])
    monkeypatch.setattr("sagelocal.executions.creation.new_id", lambda: next(names))
    assert [create().id[-4:] for _ in range(2)] == ["aaaa", "bbbb"]


def test_an_execution_whose_process_is_killed_leaves_a_readable_record(
    home: Path, build, tmp_path: Path
) -> None:
    done = build.processing("Done")
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    endless = build.processing("Endless", code, step={"DependsOn": ["Done"]})
    (tmp_path / "definition.json").write_bytes(build.definition(done, endless))
    program = (
        "import sys; from pathlib import Path; from sagelocal import LocalSageMaker\n"
        "definition = Path(sys.argv[2]).read_bytes()\n"
        "LocalSageMaker(Path(sys.argv[1])).start(definition, pipeline_name='demo')\n"
    )
    root = Path(sagelocal.__file__).parents[1]
    arguments = [sys.executable, "-c", program, str(home), str(tmp_path / "definition.json")]
    runner = subprocess.Popen(arguments, cwd=root)
    logs = "executions/*/logs/Endless/*.log"
    assert wait_until(lambda: any(log.read_text() for log in home.glob(logs)))
    (running,) = list_executions(home)
    assert running.status == running.steps["Endless"].status == "Executing"
    runner.kill()
    runner.wait()
    (record,) = list_executions(home)
    assert record.status == "Interrupted"
    assert [step.status for step in record.steps.values()] == ["Succeeded", "Stopped"]
