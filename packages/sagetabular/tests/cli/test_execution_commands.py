"""`pipeline executions`, `show` and `logs` of executions on this machine."""

from __future__ import annotations

import json

import pytest

from sagelocal import LocalSageMaker

STOP = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}


@pytest.fixture
def execution(example):
    """An execution of another, tiny pipeline on the same machine."""
    definition = json.dumps({"Version": "2020-12-01", "Steps": [STOP]}).encode()
    home = LocalSageMaker(example.root / ".pipeline")
    return home.start(definition, pipeline_name="tiny", metadata={"data": "none"})


def test_past_runs_are_shown_whatever_the_settings_have_become(example, execution, pipeline):
    example.write("conf/pipeline.yaml", "split: ]")
    assert execution.id in pipeline("executions").out
    assert pipeline("show", execution.id).code == 0
    assert pipeline("run").mistake[0].startswith("conf/pipeline.yaml")


def test_without_an_execution_the_list_says_how_to_get_one(pipeline):
    ended = pipeline("executions")
    assert ended.out == "No execution yet. Start one with `pipeline run`.\n"
    assert ended.code == 0


def test_executions_and_show_tell_what_ran(pipeline, execution):
    assert execution.id in pipeline("executions").out
    shown = pipeline("show", execution.id)
    assert (shown.code, shown.err) == (0, "")
    assert "Stop" in shown.out and "enough" in shown.out


@pytest.mark.parametrize("command", ["show", "logs", "report", "resume"])
def test_an_unknown_execution_is_refused(pipeline, execution, command):
    rule, remedy = pipeline(command, "no-such-execution").mistake
    assert "no-such-execution" in rule
    assert remedy


@pytest.mark.parametrize("command", ["show", "logs", "report", "resume"])
def test_where_nothing_ran_an_execution_is_unknown(pipeline, command):
    rule, remedy = pipeline(command, "abc").mistake
    assert "abc" in rule
    assert remedy


def test_logs_of_an_unknown_step_name_the_closest(pipeline, execution):
    assert pipeline("logs", execution.id, "Stopp").mistake == [
        f"Execution {execution.id} has no step 'Stopp'.",
        "Did you mean Stop?",
    ]


@pytest.fixture
def two_executions(example, execution):
    """Two of the tiny pipeline, the older first; the newer also has a step of its own."""
    more = {"Name": "Other", "Type": "Fail", "Arguments": {"ErrorMessage": "less"}}
    definition = json.dumps({"Version": "2020-12-01", "Steps": [more]}).encode()
    home = LocalSageMaker(example.root / ".pipeline")
    newer = home.start(definition, pipeline_name="tiny", metadata={"data": "none"})
    for name in ("said", "done"):
        log = newer.directory / f"logs/Other/{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(f"it {name}")
    return execution, newer


def test_without_an_identifier_the_latest_is_meant(pipeline, lake, two_executions):
    _, newer = two_executions
    assert f"Execution    {newer.id}: Failed" in pipeline("show").out
    assert "it said" in pipeline("logs").out
    assert pipeline("resume").code == 3  # the tiny pipeline ends with Fail again
    assert json.loads((newer.directory / "execution.json").read_text())["attempts"] == 2


def test_a_step_alone_is_one_of_the_latest(pipeline, two_executions):
    older, newer = two_executions
    assert pipeline("logs", "Other").out == pipeline("logs", newer.id, "Other").out
    assert pipeline("logs", "Othr").mistake[0] == "There is no execution Othr."
    assert pipeline("logs", older.id, "Other").mistake[0] == (
        f"Execution {older.id} has no step 'Other'."
    )


def test_the_beginning_of_an_identifier_is_enough_if_it_is_unmistakable(pipeline, two_executions):
    older, newer = two_executions
    common = next(n for n in range(len(older.id)) if older.id[n] != newer.id[n])
    for record in two_executions:
        shown = pipeline("show", record.id[: common + 1])
        assert f"Execution    {record.id}: Failed" in shown.out
    rule, remedy = pipeline("show", older.id[:common]).mistake
    assert rule == f"{older.id[:common]} is the beginning of 2 executions."
    assert older.id in remedy and newer.id in remedy


@pytest.mark.parametrize("command", ["show", "logs", "report", "resume", "compare"])
def test_where_nothing_ran_there_is_no_latest(pipeline, command):
    assert pipeline(command).mistake == [
        "There is no execution yet.",
        "Start one with `pipeline run`.",
    ]
