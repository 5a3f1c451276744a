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
