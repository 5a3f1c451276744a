"""Retry policies: refused where the service refuses them, and never acted on here.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html, and the SDK for
what steps without a job may name.
"""

from __future__ import annotations

from typing import Any

import pytest

from sagelocal.definition.parsing import parse_definition
from sagelocal.errors import DefinitionError
from sagelocal.jobs.retries import check_retry_policies

Json = dict[str, Any]

JOB = ["SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT"]
STEP = ["Step.SERVICE_FAULT", "Step.THROTTLING"]
WITH_JOB = ["Processing", "Training", "Tuning", "Transform"]
WITHOUT_JOB = ["Model", "RegisterModel"]
GUIDE = "See pipelines-retry-policy in SageMaker's developer guide."


def check(build, kind: str, *policies: Json) -> None:
    step = {"Name": "S", "Type": kind, "Arguments": {}, "RetryPolicies": list(policies)}
    if kind == "Condition":
        step["Arguments"] = {"Conditions": [], "IfSteps": [], "ElseSteps": []}
    check_retry_policies(parse_definition(build.definition(step)))


def policy(*faults: str, **members: Any) -> Json:
    return {"ExceptionType": list(faults or STEP), **members}


ALLOWED = [
    {},
    {"MaxAttempts": 0},
    {"MaxAttempts": 1},
    {"MaxAttempts": 20},
    {"ExpireAfterMin": 0},
    {"ExpireAfterMin": 14400},
    {"IntervalSeconds": 0},
    {"IntervalSeconds": 43200, "BackoffRate": 0},
    {"BackoffRate": 1.5, "ExpireAfterMin": 60},
    {"BackoffRate": 1e6, "MaxAttempts": 5, "IntervalSeconds": 1},
]
REFUSED = [
    ({"MaxAttempts": 21}, ".MaxAttempts must be an integer from 0 to 20, got 21."),
    ({"MaxAttempts": -1}, ".MaxAttempts must be an integer from 0 to 20, got -1."),
    ({"MaxAttempts": 2.0}, ".MaxAttempts must be an integer from 0 to 20, got 2.0."),
    ({"MaxAttempts": "5"}, ".MaxAttempts must be an integer from 0 to 20, got '5'."),
    ({"MaxAttempts": True}, ".MaxAttempts must be an integer from 0 to 20, got True."),
    ({"MaxAttempts": None}, ".MaxAttempts must be an integer from 0 to 20, got None."),
    ({"ExpireAfterMin": 14401}, ".ExpireAfterMin must be an integer from 0 to 14400, got 14401."),
    ({"ExpireAfterMin": -5}, ".ExpireAfterMin must be an integer from 0 to 14400, got -5."),
    ({"ExpireAfterMin": 0.5}, ".ExpireAfterMin must be an integer from 0 to 14400, got 0.5."),
    ({"IntervalSeconds": 43201}, ".IntervalSeconds must be an integer from 0 to 43200, got 43201."),
    ({"IntervalSeconds": -1}, ".IntervalSeconds must be an integer from 0 to 43200, got -1."),
    ({"IntervalSeconds": "1"}, ".IntervalSeconds must be an integer from 0 to 43200, got '1'."),
    ({"BackoffRate": -0.1}, ".BackoffRate must be a number of 0 or more, got -0.1."),
    ({"BackoffRate": "2"}, ".BackoffRate must be a number of 0 or more, got '2'."),
    ({"BackoffRate": False}, ".BackoffRate must be a number of 0 or more, got False."),
    (
        {"MaxAttempts": 5, "ExpireAfterMin": 5},
        " has MaxAttempts and ExpireAfterMin, and only one of them can be given.",
    ),
    ({"MaxAttempt": 5}, " has no member MaxAttempt."),
    ({"ExceptionType": []}, ".ExceptionType must be a list that is not empty, got []."),
    ({"ExceptionType": None}, ".ExceptionType must be a list that is not empty, got None."),
    (
        {"ExceptionType": "Step.THROTTLING"},
        ".ExceptionType must be a list that is not empty, got 'Step.THROTTLING'.",
    ),
]


@pytest.mark.parametrize("members", ALLOWED, ids=str)
@pytest.mark.parametrize("kind", ["Processing", "RegisterModel"])
def test_what_the_guide_allows_is_allowed(build, kind: str, members: Json) -> None:
    check(build, kind, policy(**members))


@pytest.mark.parametrize(("members", "message"), REFUSED, ids=[str(m) for m, _ in REFUSED])
@pytest.mark.parametrize("kind", ["Training", "Model"])
def test_what_the_guide_refuses_is_refused(build, kind: str, members: Json, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check(build, kind, policy(), {**policy(), **members})
    assert str(caught.value).splitlines() == [f"Step S: RetryPolicies[1]{message}", GUIDE]


@pytest.mark.parametrize("kind", WITH_JOB)
def test_a_step_with_a_job_may_name_every_fault(build, kind: str) -> None:
    check(build, kind, policy(*STEP), policy(*JOB, MaxAttempts=3))


@pytest.mark.parametrize("fault", [*JOB, "SageMaker.OTHER", "throttling", 5, None])
@pytest.mark.parametrize("kind", WITHOUT_JOB)
def test_a_step_without_a_job_may_name_none_of_a_job(build, kind: str, fault: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        check(build, kind, policy("Step.THROTTLING", fault))
    rule, remedy = str(caught.value).splitlines()
    assert rule == (
        f"Step S: RetryPolicies[0].ExceptionType of a {kind} step is of Step.SERVICE_FAULT, "
        f"Step.THROTTLING, got {fault!r}."
    )
    assert remedy == GUIDE


@pytest.mark.parametrize("fault", ["Step.OTHER", "SageMaker.JOB_CAPACITY_ERROR", "*", 7])
@pytest.mark.parametrize("kind", WITH_JOB)
def test_a_fault_that_does_not_exist_is_refused(build, kind: str, fault: Any) -> None:
    with pytest.raises(DefinitionError, match=r"\.ExceptionType of a .* step is of Step"):
        check(build, kind, policy(fault))


@pytest.mark.parametrize("kind", ["Condition", "Fail"])
def test_steps_that_the_guide_does_not_name_have_no_policies(build, kind: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        check(build, kind, policy())
    rule = f"Step S: a {kind} step has no RetryPolicies."
    assert str(caught.value).splitlines() == [rule, "Remove them."]
