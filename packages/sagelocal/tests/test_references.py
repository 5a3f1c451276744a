"""What references and execution variables lead to while a pipeline runs."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from building import BUCKET
from small_steps import after, joined

from sagelocal.definition.api import response_shape

GET_OUTCOME = {"Get": "Steps.Gate.Outcome"}


def get(text: str) -> dict[str, str]:
    return {"Get": text}


def fail(message: object, *names: str) -> dict[str, object]:
    arguments = {"ErrorMessage": message}
    return {"Name": "Stop", "Type": "Fail", "Arguments": arguments, **after(*names)}


def gate(condition: dict[str, object]) -> dict[str, object]:
    arguments = {"Conditions": [condition], "IfSteps": [], "ElseSteps": []}
    return {"Name": "Gate", "Type": "Condition", "Arguments": arguments}


@pytest.mark.parametrize(("right", "text", "listed"), [(1, "false", "False"), (2, "true", "True")])
def test_an_outcome_in_a_text_is_lower_case(start, right: int, text: str, listed: str) -> None:
    """The SDK's integration test test_two_step_fail_pipeline_with_join_fn: "...returns: false".

    ListPipelineExecutionSteps tells it as True or False (API ConditionStepMetadata).
    """
    condition = {"Type": "Equals", "LeftValue": 2, "RightValue": right}
    record = start(gate(condition), fail(joined("returns: ", GET_OUTCOME)))
    assert record.failure_reason == f"returns: {text}"
    assert record.steps["Gate"].outcome == listed


@pytest.mark.parametrize(("number", "text"), [(3, "false"), (0, "true")])
def test_a_text_and_a_number_made_text_are_put_in_order(start, number: int, text: str) -> None:
    """The SDK's integration test test_ppl_var_to_string_and_add, with its values."""
    declared = [
        {"Name": "MyString", "Type": "String", "DefaultValue": "1"},
        {"Name": "MyInteger", "Type": "Integer", "DefaultValue": 3},
    ]
    left, right = get("Parameters.MyString"), joined(get("Parameters.MyInteger"))
    condition = {"Type": "GreaterThan", "LeftValue": left, "RightValue": right}
    message = joined("condition greater than check return: ", GET_OUTCOME)
    record = start(
        gate(condition), fail(message), declared=declared, parameters={"MyInteger": number}
    )
    assert record.failure_reason == f"condition greater than check return: {text}"


def test_the_current_time_is_when_a_step_begins(start, build) -> None:
    step = build.processing("Wait", "import time; time.sleep(1.1)")
    message = joined(get("Execution.StartDateTime"), " ", get("Execution.CurrentDateTime"))
    record = start(step, fail(message, "Wait"))
    began, current = map(datetime.fromisoformat, record.failure_reason.split(" "))
    assert began == datetime.fromisoformat(record.start_time)
    assert (current - began).total_seconds() >= 1
    begun = datetime.fromisoformat(record.steps["Stop"].start_time)
    assert abs((current - begun).total_seconds()) < 1


def test_jobs_know_their_own_names(start, build, sagemaker) -> None:
    echo = build.processing("Echo", "pass", get("Execution.ProcessingJobName"))
    build.put_code(sagemaker.storage, fit="pass")
    request = build.training_request(name=get("Execution.TrainingJobName"))
    record = start(echo, {"Name": "Fit", "Type": "Training", "Arguments": request})
    assert record.status == "Succeeded"
    response = record.steps["Echo"].response
    arguments = record.steps["Echo"].arguments["AppSpecification"]["ContainerArguments"]
    assert arguments == [response["ProcessingJobName"]]
    given = record.steps["Fit"].arguments["HyperParameters"]["name"]
    assert given == record.steps["Fit"].response["TrainingJobName"]


def test_json_is_read_from_an_address_too(start, sagemaker) -> None:
    """The SDK writes it so for JsonGet(s3_uri=Join(...))."""
    document = {"scores": [{"r2": 0.75}]}
    sagemaker.storage.put_bytes(f"{BUCKET}/a.json", json.dumps(document).encode())
    read = {"Std:JsonGet": {"S3Uri": joined(BUCKET, "/a.json"), "Path": "$.scores[0]['r2']"}}
    assert start(fail(joined(read))).failure_reason == "0.75"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "There is no object"), (b"{", "is not JSON"), (b"{}", "'scores'")]
)
def test_an_address_without_the_value_fails_the_step(start, sagemaker, content, words) -> None:
    if content is not None:
        sagemaker.storage.put_bytes(f"{BUCKET}/a.json", content)
    read = {"Std:JsonGet": {"S3Uri": f"{BUCKET}/a.json", "Path": "scores"}}
    record = start(fail(joined(read)))
    assert words in record.failure_reason
    assert record.failed_step == "Stop"


def test_responses_have_the_times_that_the_api_has(start, build, sagemaker) -> None:
    build.put_code(sagemaker.storage, fit="print('cv:r2=0.5;')")
    record = start(
        build.processing("Count"),
        {"Name": "Fit", "Type": "Training", "Arguments": build.training_request()},
        {"Name": "Tune", "Type": "Tuning", "Arguments": build.tuning_request(1, 1)},
    )
    assert record.status == "Succeeded"
    wanted = {
        "Count": ["CreationTime", "ProcessingStartTime", "ProcessingEndTime", "LastModifiedTime"],
        "Fit": [
            *("CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime"),
            *("SecondaryStatus", "TrainingTimeInSeconds", "BillableTimeInSeconds"),
        ],
        "Tune": ["CreationTime", "HyperParameterTuningEndTime", "LastModifiedTime"],
    }
    for name, members in wanted.items():
        step = record.steps[name]
        assert {*members} <= {*step.response} & {*response_shape(step.kind).members}
        times = [step.response[member] for member in members if member.endswith("Time")]
        assert step.start_time <= min(times) <= max(times) <= step.end_time
    fit = record.steps["Fit"].response
    assert fit["SecondaryStatus"] == "Completed"
    assert 1 <= fit["BillableTimeInSeconds"] <= 60


def test_a_reference_to_a_time_of_a_job_resolves(start, build) -> None:
    reference = joined(get("Steps.Count.ProcessingStartTime"))
    record = start(build.processing("Count"), fail(reference))
    assert record.failure_reason == record.steps["Count"].response["ProcessingStartTime"]
