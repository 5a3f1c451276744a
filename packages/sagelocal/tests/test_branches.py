"""Conditions choose a side, and a side may be to fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_steps import WRITE, after, joined, statuses


def gate(name: str, left: object, if_steps: list[Any], else_steps: list[Any]) -> dict[str, Any]:
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": 0.5}
    arguments = {"Conditions": [condition], "IfSteps": if_steps, "ElseSteps": else_steps}
    return {"Name": name, "Type": "Condition", "Arguments": arguments}


def fail(name: str, message: object) -> dict[str, Any]:
    return {"Name": name, "Type": "Fail", "Arguments": {"ErrorMessage": message}}


@pytest.mark.parametrize(
    ("score", "chosen", "other"), [("0.7", "If", "Else"), ("0.3", "Else", "If")]
)
def test_only_the_side_that_a_condition_chooses_runs(
    start, build, score: str, chosen: str, other: str
) -> None:
    evaluate = build.processing(
        "Evaluate",
        WRITE,
        "report.json",
        json.dumps({"metrics": {"r2": float(score)}}),
        outputs={"result": "s3://bucket/evaluate"},
        step={
            "PropertyFiles": [
                {"PropertyFileName": "Report", "OutputName": "result", "FilePath": "report.json"}
            ]
        },
    )
    r2 = {
        "Std:JsonGet": {
            "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"},
            "Path": "metrics.r2",
        }
    }
    record = start(
        evaluate,
        gate("Gate", r2, [build.processing("If")], [build.processing("Else")]),
        build.processing("AfterIf", step=after("If")),
    )
    assert record.status == "Succeeded"
    assert record.steps["Gate"].outcome == str(chosen == "If")
    assert statuses(record)[chosen] == "Succeeded"
    assert statuses(record)[other] == "NotExecuted"
    assert statuses(record)["AfterIf"] == ("Succeeded" if chosen == "If" else "NotExecuted")


def test_conditions_nest(start, build) -> None:
    inner = gate("Inner", 0.1, [build.processing("Deep")], [build.processing("Deeper")])
    record = start(gate("Outer", 0.9, [inner], [build.processing("Else")]))
    assert statuses(record) == {
        "Outer": "Succeeded",
        "Inner": "Succeeded",
        "Deep": "NotExecuted",
        "Deeper": "Succeeded",
        "Else": "NotExecuted",
    }


def test_a_fail_step_fails_the_execution_with_its_message(start) -> None:
    declared = [{"Name": "MinimumR2", "Type": "Float", "DefaultValue": 0.5}]
    message = joined("R2 is below ", {"Get": "Parameters.MinimumR2"})
    record = start(gate("Gate", 0.2, [], [fail("TooBad", message)]), declared=declared)
    assert record.status == "Failed"
    assert (record.failed_step, record.failure_reason) == ("TooBad", "R2 is below 0.5")
