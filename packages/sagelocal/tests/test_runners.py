"""Steps of types that the caller runs."""

from __future__ import annotations

from typing import Any

import pytest
from small_steps import joined

from sagelocal import DefinitionError, LocalSageMaker, SageLocalError, StepCall

FUNCTION = "arn:aws:lambda:eu-west-1:000000000000:function:notify"
NOTIFY = {
    "Name": "Notify",
    "Type": "Lambda",
    "Arguments": {"rows": {"Get": "Parameters.Rows"}},
    "FunctionArn": FUNCTION,
    "OutputParameters": [{"OutputName": "told", "OutputType": "String"}],
}
TOLD = {"Get": "Steps.Notify.OutputParameters['told']"}
STOP = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": joined("told ", TOLD)}}
ROWS = {"Name": "Rows", "Type": "Integer", "DefaultValue": 3}


def test_a_step_of_another_type_is_run_by_who_registers_for_it(start, sagemaker) -> None:
    calls: list[StepCall] = []

    def run(call: StepCall) -> dict[str, Any]:
        calls.append(call)
        return {"OutputParameters": {"told": f"{call.arguments['rows']} rows"}}

    sagemaker.register_runner("Lambda", run)
    record = start(NOTIFY, STOP, declared=[ROWS])
    assert record.failure_reason == "told 3 rows"
    (call,) = calls
    assert (call.name, call.kind, call.members["FunctionArn"]) == ("Notify", "Lambda", FUNCTION)
    assert call.storage is sagemaker.storage
    other = LocalSageMaker(sagemaker.home)
    with pytest.raises(DefinitionError, match="cannot run locally"):
        other.start((record.directory / "definition.json").read_bytes(), pipeline_name="demo")


def test_what_a_runner_raises_is_the_failure_of_its_step(start, sagemaker) -> None:
    def run(_call: StepCall) -> dict[str, Any]:
        raise RuntimeError("nobody answers")

    sagemaker.register_runner("Lambda", run)
    record = start(NOTIFY, STOP, declared=[ROWS])
    assert record.failed_step == "Notify"
    assert record.failure_reason == "Step Notify: RuntimeError: nobody answers"


def test_an_execution_with_such_a_step_can_be_resumed(start, sagemaker) -> None:
    answers = [RuntimeError("down"), {"OutputParameters": {"told": "all"}}]

    def run(_call: StepCall) -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    sagemaker.register_runner("Lambda", run)
    record = sagemaker.resume(start(NOTIFY, STOP, declared=[ROWS]).id)
    assert record.failure_reason == "told all"


def test_what_the_step_refers_to_must_be_there(sagemaker, build) -> None:
    sagemaker.register_runner("Lambda", lambda _call: {})
    lost = {**NOTIFY, "Arguments": {"x": [{"Get": "Steps.Count.Nothing"}]}}
    content = build.definition(build.processing("Count"), lost)
    with pytest.raises(DefinitionError, match="the service's response has no 'Nothing'"):
        sagemaker.start(content, pipeline_name="demo")


def test_the_types_of_this_back_end_are_its_own(sagemaker) -> None:
    with pytest.raises(SageLocalError, match="run by sagelocal itself"):
        sagemaker.register_runner("Training", lambda _call: {})
