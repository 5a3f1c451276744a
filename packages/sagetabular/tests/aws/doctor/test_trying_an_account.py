"""`pipeline doctor --create` and `--smoke`: what is made in the account, and what is left."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ConnectTimeoutError
from healthy import ACCOUNT, DENIED, REGION, ROLE, Refusal, wrong

pytestmark = pytest.mark.slow


def test_with_create_a_pipeline_is_made_of_the_definition_and_deleted(cloud, doctor, deployable):
    findings = doctor("--create")
    assert (findings[-1]["subject"], findings[-1]["state"]) == ("definition", "ok")
    (made,), (deleted,) = cloud.requests("CreatePipeline"), cloud.requests("DeletePipeline")
    assert made["PipelineDefinition"].encode() == deployable.compile().definition
    assert made["RoleArn"] == ROLE
    assert made["PipelineName"] == deleted["PipelineName"]
    assert made["PipelineName"].startswith("test-project-doctor-")


def test_a_definition_that_sagemaker_refuses_is_to_fix(cloud, doctor):
    cloud.answers["CreatePipeline"] = Refusal("ValidationException", "Step X is wrong")
    state, subject, text, _ = wrong(doctor("--create"))
    assert (state, subject) == ("to fix", "definition")
    assert text == "SageMaker refused CreatePipeline: ValidationException: Step X is wrong"
    assert len(cloud.requests("DeletePipeline")) == 1


@pytest.mark.parametrize("ending", [ConnectTimeoutError(endpoint_url="x"), KeyboardInterrupt()])
def test_whatever_happens_the_pipeline_is_not_left(cloud, pipeline, monkeypatch, ending):
    cloud.answers["CreatePipeline"] = ending
    if isinstance(ending, KeyboardInterrupt):
        pipeline("doctor", "--on", "aws", "--create")
    else:
        assert (
            "definition: SageMaker could not be asked"
            in pipeline("doctor", "--on", "aws", "--create").out
        )
    (made,), (deleted,) = cloud.requests("CreatePipeline"), cloud.requests("DeletePipeline")
    assert made["PipelineName"] == deleted["PipelineName"]


def test_a_pipeline_that_cannot_be_deleted_is_named(cloud, doctor):
    cloud.answers["DeletePipeline"] = DENIED
    state, subject, text, remedy = wrong(doctor("--create"))
    assert (state, subject, remedy) == ("to fix", "definition", "Delete it in SageMaker.")
    name = cloud.requests("CreatePipeline")[0]["PipelineName"]
    assert text.startswith(f"The pipeline {name} is left: SageMaker refused DeletePipeline")


EXECUTION = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline/test-project/execution/abcdefghijkl"


@pytest.fixture
def smoke(cloud, doctor):
    """Run the command with --smoke, whose execution ends so; returns the last finding."""

    def run(status, *steps):
        cloud.answers["HeadObject"] = {}
        cloud.answers["PutObject"] = {}
        cloud.answers["StartPipelineExecution"] = {"PipelineExecutionArn": EXECUTION}
        cloud.answers["DescribePipelineExecution"] = {"PipelineExecutionStatus": status}
        cloud.answers["ListPipelineExecutionSteps"] = {"PipelineExecutionSteps": [*steps]}
        return doctor("--smoke")[-1]

    return run


def failed(name, reason, **metadata):
    return {"StepName": name, "StepStatus": "Failed", "FailureReason": reason, "Metadata": metadata}


def test_a_smoke_run_is_as_small_as_it_gets_and_registers_nothing_to_use(cloud, smoke):
    found = smoke("Succeeded")
    assert (found["subject"], found["state"]) == ("smoke run", "ok")
    assert found["text"] == "execution abcdefghijkl succeeded"
    (asked,) = cloud.requests("StartPipelineExecution")
    values = {one["Name"]: one["Value"] for one in asked["PipelineParameters"]}
    assert (values["MaxTrainingJobs"], values["MaxParallelTrainingJobs"]) == ("2", "2")
    assert {values["ProcessingInstanceType"], values["TrainingInstanceType"]} == {"ml.m5.large"}
    assert values["ModelApprovalStatus"] == "Rejected"
    # What triggers start with stays what it is: it has none of the small values.
    (left,) = cloud.requests("PutObject")
    assert left["Key"].endswith("/start.json")
    usual = json.loads(left["Body"].read())["parameters"]
    assert not usual.keys() & {"MaxTrainingJobs", "ModelApprovalStatus", "TrainingInstanceType"}
    assert (values["RoleArn"], values["Bucket"]) == (ROLE, "the-bucket")


def test_a_smoke_run_that_the_gate_stops_has_run(smoke):
    found = smoke("Failed", failed("Fail", "R2 0.1", Fail={"ErrorMessage": "R2 0.1"}))
    assert found["state"] == "ok"
    assert found["text"] == "execution abcdefghijkl ran to the quality gate: R2 0.1"


def test_a_smoke_run_that_fails_says_where(smoke):
    job = {"Arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/x"}
    found = smoke("Failed", failed("Ingest", "AccessDenied: no table", ProcessingJob=job))
    assert (found["state"], found["subject"]) == ("to fix", "smoke run")
    assert found["text"] == (
        "The execution abcdefghijkl must succeed, got Failed in Ingest: AccessDenied: no table."
    )
    assert found["remedy"] == "Read `pipeline logs abcdefghijkl Ingest --on aws`."


def test_where_something_is_to_fix_no_smoke_run_is_started(cloud, doctor):
    cloud.answers["HeadBucket"] = Refusal("404", status=404)
    assert wrong(doctor("--smoke"))[1] == "bucket"
    assert cloud.requests("StartPipelineExecution") == []
