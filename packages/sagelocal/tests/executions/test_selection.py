"""Selective execution: chosen steps run, the rest comes from an earlier execution."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from sagelocal import ExecutionNotFoundError, Reuse, SelectionError
from sagelocal.executions.locking import hold

pytestmark = pytest.mark.slow

CACHED = {"CacheConfig": {"Enabled": True, "ExpireAfter": "P30D"}}
WRITE = (
    "import os, pathlib\n"
    "folder = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']) / 'processing/output/out'\n"
    "(folder / 'text.json').write_text('{\"word\": \"yes\"}')\n"
)


@pytest.fixture
def steps(build) -> list[dict[str, Any]]:
    """Return `A` → `B` → `Check` → (`Good` | `Bad`), and `Aside` after `A`."""

    def output(name: str) -> dict[str, Any]:
        return {"Get": f"Steps.{name}.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}

    def make(name: str, *inputs: str, **step: Any) -> dict[str, Any]:
        own = {"Get": "Execution.PipelineExecutionId"}
        uri = {"Std:Join": {"On": "/", "Values": ["s3://bucket", own, name.lower()]}}
        sources = {source: output(source) for source in inputs}
        return build.processing(
            name, WRITE, inputs=sources, outputs={"out": uri}, step={**CACHED, **step}
        )

    word = {"PropertyFile": {"Get": "Steps.B.PropertyFiles.File"}, "Path": "word"}
    files = [{"PropertyFileName": "File", "OutputName": "out", "FilePath": "text.json"}]
    check = {
        "Conditions": [{"Type": "Equals", "LeftValue": {"Std:JsonGet": word}, "RightValue": "yes"}],
        "IfSteps": [make("Good", "A")],
        "ElseSteps": [make("Bad", "A")],
    }
    return [
        make("A"),
        make("B", "A", PropertyFiles=files),
        make("Aside", "A"),
        {"Name": "Check", "Type": "Condition", "Arguments": check},
    ]


def ran(record) -> set[str]:
    return {
        name
        for name, step in record.steps.items()
        if step.status == "Succeeded" and step.cached_from is None
    }


def taken(record) -> set[str]:
    return {name for name, step in record.steps.items() if step.cached_from}


@pytest.mark.parametrize(
    ("reuse", "expected", "others"),
    [
        (Reuse(first="A"), {"A", "B", "Aside", "Check", "Good"}, set()),
        (Reuse(first="B"), {"B", "Check", "Good"}, {"A"}),
        (Reuse(first="Check"), {"Check", "Good"}, {"A", "B"}),
        (Reuse(only=["Check"]), {"Check", "Good"}, {"A", "B"}),
        (Reuse(only=["Good"]), {"Good"}, {"A", "B", "Check"}),
        (Reuse(only=["Aside"]), {"Aside"}, {"A"}),
        (Reuse(only=["B", "Check"]), {"B", "Check", "Good"}, {"A"}),
        (Reuse(first="B", only=["A"]), {"A", "B", "Check", "Good"}, set()),
        (Reuse(only=["B", "A", "Aside"]), {"A", "B", "Aside"}, set()),
    ],
    ids=["from A", "from B", "from Check", "Check", "Good", "Aside", "two", "both", "three"],
)
def test_selected_steps_run_though_nothing_changed(start, steps, reuse, expected, others):
    first = start(*steps)
    record = start(*steps, reuse=reuse)
    assert record.status == "Succeeded"
    assert ran(record) == expected
    assert taken(record) == others
    assert all(record.steps[name].cached_from == first.id for name in others)
    unselected = set(record.steps) - expected - others
    assert {record.steps[name].status for name in unselected} <= {"NotExecuted"}


def test_a_result_that_was_taken_over_can_be_taken_again_and_found_in_the_cache(start, steps):
    first = start(*steps)
    start(*steps, reuse=Reuse(first="B"))
    third = start(*steps, reuse=Reuse(only=["Aside"]))
    assert third.steps["A"].cached_from == first.id
    assert start(*steps).steps["A"].cached_from == first.id


@pytest.mark.parametrize("end", ["Succeeded", "Failed"])
def test_the_latest_execution_is_the_reference_however_it_ended(start, steps, build, end):
    first = start(*steps)
    ends = [] if end == "Succeeded" else [build.processing("End", "raise SystemExit(1)")]
    ends = [{**one, "DependsOn": ["Aside"]} for one in ends]
    second = start(*steps, *ends, reuse=Reuse(cache=False))
    assert second.status == end
    assert start(*steps, reuse=Reuse(only=["B"])).steps["A"].cached_from == second.id
    named = start(*steps, reuse=Reuse(only=["B"], based_on=first.id))
    assert named.steps["A"].cached_from == first.id


def test_a_reference_that_still_runs_is_refused(start, steps, sagemaker):
    record = start(*steps)
    path = record.directory / "execution.json"
    path.write_text(path.read_text().replace('"Succeeded"', '"Executing"'))
    with hold(record.directory):
        for based_on in (None, record.id):
            assert refusal(start, *steps, only=["B"], based_on=based_on) == [
                f"Execution {record.id}, to take A from, is still running.",
                "Wait for its end, or base this one on another execution.",
            ]


@pytest.mark.parametrize(
    ("reuse", "rule", "remedy"),
    [
        (
            {"only": ["A", "Check"]},
            "Step B lies between the selected steps A and Check.",
            "Select B too.",
        ),
        (
            {"only": ["B", "Aside"]},
            "Selected steps must be connected, and Aside is not with B.",
            "Select the steps that connect them too, or run one after the other.",
        ),
        (
            {"first": "Check", "only": ["Aside"]},
            "Selected steps must be connected, and Check is not with Aside.",
            "Select the steps that connect them too, or run one after the other.",
        ),
    ],
    ids=["between", "siblings", "from and only"],
)
def test_steps_that_are_not_connected_are_refused(start, steps, home, reuse, rule, remedy):
    assert refusal(start, *steps, **reuse) == [rule, remedy]
    assert not (home / "executions").exists()


def refusal(start, *steps: Any, **reuse: Any) -> list[str]:
    with pytest.raises(SelectionError) as caught:
        start(*steps, reuse=Reuse(**reuse))
    return str(caught.value).splitlines()


@pytest.mark.parametrize("reuse", [{"first": "Asid"}, {"only": ["B", "Asid"]}], ids=str)
def test_an_unknown_step_is_refused_before_anything_is_written(start, steps, reuse, home):
    assert refusal(start, *steps, **reuse) == [
        "There is no step Asid.",
        "Did you mean Aside?",
    ]
    assert not (home / "executions").exists()


def test_without_an_earlier_execution_there_is_nothing_to_take(start, steps):
    assert refusal(start, *steps, only=["B"]) == [
        "There is no execution of demo to take A from.",
        "Run the whole pipeline first.",
    ]
    assert start(*steps, reuse=Reuse(only=["A"])).status == "Succeeded"


def test_a_result_that_the_reference_lacks_is_named(start, steps, sagemaker):
    first = start(*steps)
    rule, remedy = refusal(start, *steps, only=["Bad"])
    assert rule == f"Step Bad needs Check, which was True in execution {first.id}."
    assert remedy == "Select Check too, or base this execution on another one."
    small = start(steps[0])
    rule, _ = refusal(start, *steps, only=["Check"], based_on=small.id)
    assert rule == f"Step Check needs B, which has no result in execution {small.id}."
    shutil.rmtree(sagemaker.storage.path(f"s3://bucket/{first.id}/a"))
    rule, _ = refusal(start, *steps, only=["B"], based_on=first.id)
    assert rule.endswith(f"whose result in execution {first.id} is no longer in the store.")


def test_a_reference_of_another_pipeline_or_of_none_is_refused(start, steps, sagemaker, build):
    other = sagemaker.start(build.definition(*steps), pipeline_name="other")
    rule, _ = refusal(start, *steps, only=["B"], based_on=other.id)
    assert rule == f"Execution {other.id} is one of the pipeline other, not of demo."
    with pytest.raises(ExecutionNotFoundError):
        start(*steps, reuse=Reuse(only=["B"], based_on="x"))


def test_an_execution_of_some_steps_is_resumed_with_those_alone(start, steps, sagemaker, build):
    start(*steps)
    broken = [
        steps[0],
        build.processing("B", "raise SystemExit(1)", step={"DependsOn": ["A"]}),
        steps[2],
    ]
    record = start(*broken, reuse=Reuse(only=["B"]))
    assert record.status == "Failed"
    again = sagemaker.resume(record.id)
    assert again.steps["Aside"].status == "NotExecuted"
    assert again.steps["A"].cached_from is not None
