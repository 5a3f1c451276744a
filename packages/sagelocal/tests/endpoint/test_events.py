"""Events: what EventBridge hears, in the service's own form and order.

Members and detail types are those of the examples in
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
"""

from __future__ import annotations

import json
import re

import pytest
from building import BUCKET, ROLE, Build
from clients import condition, connect, details, ended, fail
from recording import Recorder
from small_steps import WRITE, after
from waiting import wait_until

from sagelocal import LocalSageMaker
from sagelocal.endpoint import Endpoint

EXECUTION = "SageMaker Model Building Pipeline Execution Status Change"
STEP = "SageMaker Model Building Pipeline Execution Step Status Change"
PACKAGE = "SageMaker Model Package State Change"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PIPELINE = "arn:aws:sagemaker:eu-west-1:000000000000:pipeline/demo"


def register(build: Build, uri: str = f"{BUCKET}/out/model.tar.gz"):
    """Return a step that writes a model, and one that registers it."""
    container = {"Image": "image", "ModelDataUrl": uri}
    arguments = {
        "ModelPackageGroupName": "houses",
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    }
    make = build.processing("Make", WRITE, "model.tar.gz", "x", outputs={"result": f"{BUCKET}/out"})
    return make, {"Name": "Keep", "Type": "RegisterModel", "Arguments": arguments, **after("Make")}


def all_of(events: Recorder) -> list[tuple[str, str, str | None]]:
    """Return step or "", status and previous status of each event about an execution."""
    found = []
    for entry in events.entries():
        detail = json.loads(entry["Detail"])
        if entry["DetailType"] == STEP:
            kinds = "currentStepStatus", "previousStepStatus"
        else:
            kinds = "currentPipelineExecutionStatus", "previousPipelineExecutionStatus"
        found.append((detail.get("stepName", ""), detail[kinds[0]], detail.get(kinds[1])))
    return found


def test_every_change_of_an_execution_is_sent_in_order(
    events: Recorder, create, run, build: Build
) -> None:
    create(
        build.processing("A"),
        {**condition("Enough", 1, 2, ElseSteps=[fail()]), **after("A")},
    )
    found = run(PipelineExecutionDisplayName="mine", PipelineExecutionDescription="words")
    wait_until(lambda: all_of(events)[-1][0] == "")
    assert all_of(events) == [
        ("", "Executing", None),
        ("A", "Starting", None),
        ("A", "Executing", "Starting"),
        ("A", "Succeeded", "Executing"),
        ("Enough", "Starting", None),
        ("Enough", "Executing", "Starting"),
        ("Enough", "Succeeded", "Executing"),
        ("Stop", "Starting", None),
        ("Stop", "Executing", "Starting"),
        ("Stop", "Failed", "Executing"),
        ("", "Failed", "Executing"),
    ]
    # EventBridge says where an event comes from by the region that the request is signed for.
    assert events.regions == {"eu-west-1"}
    arn = found["PipelineExecutionArn"]
    for entry in events.entries():
        assert entry["Source"] == "aws.sagemaker"
        assert entry["Resources"] == [PIPELINE, arn]
        assert "EventBusName" not in entry, "services send to the default bus"
    first, last = details(events, EXECUTION)
    assert {*first} == {*last} - {"previousPipelineExecutionStatus", "executionEndTime"}
    assert TIME.fullmatch(last.pop("executionStartTime"))
    assert TIME.fullmatch(last.pop("executionEndTime"))
    assert last == {
        "pipelineExecutionDisplayName": "mine",
        "pipelineExecutionDescription": "words",
        "currentPipelineExecutionStatus": "Failed",
        "previousPipelineExecutionStatus": "Executing",
        "pipelineArn": PIPELINE,
        "pipelineExecutionArn": arn,
    }
    steps = {(d["stepName"], d["currentStepStatus"]): d for d in details(events, STEP)}
    job = f"processing-job/pipelines-{arn.rpartition('/')[2]}-A"
    ended_step = steps["A", "Succeeded"]
    assert TIME.fullmatch(ended_step.pop("stepStartTime"))
    assert TIME.fullmatch(ended_step.pop("stepEndTime"))
    assert ended_step == {
        "metadata": {"processingJob": {"arn": f"arn:aws:sagemaker:eu-west-1:000000000000:{job}"}},
        "stepName": "A",
        "stepType": "Processing",
        "previousStepStatus": "Executing",
        "currentStepStatus": "Succeeded",
        "pipelineArn": PIPELINE,
        "pipelineExecutionArn": arn,
    }
    assert steps["Enough", "Succeeded"]["metadata"] == {"condition": {"outcome": "False"}}
    assert steps["Stop", "Failed"]["failureReason"] == "enough"
    assert "failureReason" not in steps["A", "Executing"]


def test_a_cache_hit_is_named(events: Recorder, create, run, build: Build) -> None:
    create(build.processing("A", step={"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}))
    first, _ = run(), run()
    wait_until(lambda: len(all_of(events)) == 10)
    hit = details(events, STEP)[-1]
    assert hit["currentStepStatus"] == "Succeeded"
    assert hit["cacheHitResult"] == {"sourcePipelineExecutionArn": first["PipelineExecutionArn"]}


def test_a_stop_is_said_at_its_beginning_and_its_end(
    events: Recorder, client, create, build: Build
) -> None:
    create(build.processing("Sleep", "import time; time.sleep(60)"))
    arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
    client.stop_pipeline_execution(PipelineExecutionArn=arn)
    ended(client, arn)

    def whole() -> list[tuple[str, str, str | None]]:
        return [change for change in all_of(events) if not change[0]]

    wait_until(lambda: len(whole()) == 3)
    assert whole() == [
        ("", "Executing", None),
        ("", "Stopping", "Executing"),
        ("", "Stopped", "Stopping"),
    ]


def test_a_model_package_is_sent_when_registered_and_when_approved(
    events: Recorder, client, create, run, build: Build
) -> None:
    create(*register(build))
    execution = run()["PipelineExecutionArn"]
    arn = "arn:aws:sagemaker:eu-west-1:000000000000:model-package/houses/1"
    client.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="good"
    )
    wait_until(lambda: len(details(events, PACKAGE)) == 2)
    new, approved = details(events, PACKAGE)
    (entry, _) = [entry for entry in events.entries() if entry["DetailType"] == PACKAGE]
    assert entry["Resources"] == [arn]
    assert TIME.fullmatch(new.pop("CreationTime"))
    assert TIME.fullmatch(new.pop("LastModifiedTime"))
    assert new == {
        "ModelPackageGroupName": "houses",
        "ModelPackageVersion": 1,
        "ModelPackageArn": arn,
        "InferenceSpecification": register(build)[1]["Arguments"]["InferenceSpecification"],
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "PendingManualApproval",
        "MetadataProperties": {"GeneratedBy": execution},
    }
    assert approved["ModelApprovalStatus"] == "Approved"
    assert approved["ApprovalDescription"] == "good"
    assert approved["UpdatedModelPackageFields"] == ["ApprovalDescription", "ModelApprovalStatus"]


@pytest.mark.parametrize("code", ["InternalFailure", None])
def test_a_server_that_takes_no_events_is_named_once_and_stops_nothing(
    sagemaker: LocalSageMaker, build: Build, capfd: pytest.CaptureFixture[str], code: str | None
) -> None:
    with Recorder(code or "gone") as recorder:
        url = recorder.url
        if code is None:
            recorder.close()
        with Endpoint(sagemaker, events=url) as endpoint:
            client = connect(endpoint)
            text = build.definition(fail()).decode()
            client.create_pipeline(PipelineName="demo", PipelineDefinition=text, RoleArn=ROLE)
            for _ in range(2):
                arn = client.start_pipeline_execution(PipelineName="demo")["PipelineExecutionArn"]
                assert ended(client, arn)["PipelineExecutionStatus"] == "Failed"
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    assert said[0].startswith(f"Events cannot be sent to {url}: ")
    assert said[1] == "Executions go on without; start that server, or leave --events out."
