"""`pipeline run --on aws`: what is started, what is told, and how the command ends."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY

from sagetabular.aws.waiting import SHORTEST

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project"
EXECUTION = f"{PIPELINE}/execution/abcdefghijkl"
BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def started(aws, deployable):
    """AWS as it is asked up to the start, with these values; returns what is asked of it."""

    def expect(**values):
        compiled = deployable.compile()
        aws.knows_who_asks()
        aws.has_objects(len(compiled.assets.objects()), stored="Prefix" not in values)
        pipeline = {
            "PipelineArn": PIPELINE,
            "PipelineDefinition": compiled.definition.decode(),
            "PipelineDescription": "test-project predicts price. Commit none",
            "RoleArn": "arn:aws:iam::123456789012:role/pipelines",
        }
        aws.answer("sagemaker", "describe_pipeline", pipeline)
        root = f"s3://{values.get('Bucket', 'the-bucket')}/{values.get('Prefix', 'test-project')}"
        expected = {
            "Commit": "none",
            "QueryUri": f"{root}/{compiled.assets.query.key}",
            **values,
            "RoleArn": "arn:aws:iam::123456789012:role/pipelines",
            "Bucket": "the-bucket",
            "ImageUri": "registry/model@sha256:1",
            "JobsImageUri": "registry/jobs@sha256:2",
            "TrackingUri": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-app/app-1",
            **values,
        }
        asked = {
            "PipelineName": "test-project",
            "PipelineExecutionDescription": "Commit none",
            "PipelineParameters": ANY,
            "ClientRequestToken": ANY,
        }
        arn = {"PipelineExecutionArn": EXECUTION}
        aws.answer("sagemaker", "start_pipeline_execution", arn, asked)
        return expected

    return expect


@pytest.fixture
def sent(aws):
    """The parameters of the execution that was started."""
    found = {}

    def note(params, **_):
        for entry in params["PipelineParameters"]:
            assert entry["Name"] not in found
            found[entry["Name"]] = entry["Value"]

    client = aws.stubs["sagemaker"].client
    client.meta.events.register_first(
        "provide-client-params.sagemaker.StartPipelineExecution", note
    )
    return found


def test_without_mlflow_the_trials_go_to_sagemakers_experiments(
    aws, started, sent, pipeline, monkeypatch
):
    monkeypatch.delenv("TRACKING")
    expected = started(TrackingUri="experiments")
    stands(aws, "Executing")
    ended = pipeline("run", "--on", "aws")
    assert ended.code == 0, ended
    assert sent == expected
    assert "SageMaker Experiments; MLflow once TrackingUri names a server or an app" in ended.err


def test_who_asks_for_mlflow_must_name_it(deployable, pipeline, monkeypatch):
    deployable.change("conf/pipeline.yaml", "tracking", "mlflow")
    monkeypatch.delenv("TRACKING")
    ended = pipeline("run", "--on", "aws")
    assert ended.code == 2
    assert ended.mistake[0] == (
        "conf/aws.yaml: TrackingUri is the variable TRACKING, which is not set."
    )


def stands(aws, status, reason=""):
    answer = {
        "PipelineExecutionArn": EXECUTION,
        "PipelineExecutionStatus": status,
        "FailureReason": reason,
        "CreationTime": BEGIN,
        "LastModifiedTime": BEGIN + timedelta(minutes=5),
    }
    aws.answer(
        "sagemaker", "describe_pipeline_execution", answer, {"PipelineExecutionArn": EXECUTION}
    )


def steps(aws, *entries):
    found = [
        {"StartTime": BEGIN, **entry} if isinstance(entry, dict)
        else {"StepName": entry[0], "StepStatus": entry[1], "StartTime": BEGIN}
        for entry in entries
    ]  # fmt: skip
    aws.answer("sagemaker", "list_pipeline_execution_steps", {"PipelineExecutionSteps": found})


def failed(name, reason, minutes=1, **metadata):
    return {
        "StepName": name,
        "StepStatus": "Failed",
        "FailureReason": reason,
        "EndTime": BEGIN + timedelta(minutes=minutes),
        "Metadata": metadata,
    }


@pytest.fixture
def pauses(monkeypatch):
    """How long was waited between two looks; no time goes by."""
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


def test_run_starts_the_pipeline_with_the_accounts_values_and_leaves(pipeline, aws, started, sent):
    expected = started()
    stands(aws, "Executing")
    ended = pipeline("run", "--on", "aws")
    assert (ended.code, ended.out) == (0, f"{EXECUTION}\n"), ended
    assert sent == expected
    said = ended.err.splitlines()
    assert said[-1] == "Started abcdefghijkl. See `pipeline show abcdefghijkl --on aws`."
    at = next(number for number, line in enumerate(said) if line.startswith("Billed "))
    assert [line[12:] for line in said[at : at + 4]] == [
        "up to 6 Processing jobs on ml.m5.xlarge",
        "up to 40 tuning trials on ml.m5.xlarge",
        "up to 2 Training jobs on ml.m5.xlarge",
        "storage in S3",
    ]
    assert max(map(len, said)) <= 80


def test_plain_says_on_aws_what_is_said_without_it_and_no_more(pipeline, started, aws, pauses):
    said = []
    for words in ([], ["--plain"]):
        started()
        stands(aws, "Succeeded")
        steps(aws, ("Ingest", "Succeeded"))
        ended = pipeline("run", "--on", "aws", "--wait", *words)
        assert (ended.code, "\x1b" in ended.out + ended.err) == (0, False), ended
        said.append((ended.out, re.sub(r"[0-9.]+ min", "", ended.err)))
    assert said[0] == said[1]


def test_settings_count_more_than_the_environment_and_move_the_query(pipeline, aws, started, sent):
    given = {"Prefix": "mine/today", "Folds": "4", "ImageUri": "other:tag", "MaxTrainingJobs": "7"}
    expected = started(**given)
    stands(aws, "Executing")
    words = [f"--set={name}={value}" for name, value in given.items()]
    ended = pipeline("run", "--on", "aws", "--json", *words)
    assert sent == expected
    assert sent["QueryUri"].startswith("s3://the-bucket/mine/today/queries/")
    assert "up to 14 tuning trials" in ended.err
    assert json.loads(ended.out) == {
        "execution": "abcdefghijkl",
        "arn": EXECUTION,
        "status": "Executing",
    }


def test_in_a_sagemaker_project_models_go_to_the_projects_group(
    pipeline, aws, deployable, monkeypatch, sent
):
    monkeypatch.setenv("SAGEMAKER_PROJECT_NAME", "houses")
    monkeypatch.setenv("SAGEMAKER_PROJECT_ID", "p-abc")
    compiled = deployable.compile()
    aws.knows_who_asks()
    aws.has_objects(len(compiled.assets.objects()))
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE})
    aws.answer("sagemaker", "start_pipeline_execution", {"PipelineExecutionArn": EXECUTION})
    stands(aws, "Executing")
    assert pipeline("run", "--on", "aws").code == 0
    assert sent["ModelPackageGroup"] == "houses-p-abc"


@pytest.mark.parametrize(
    ("setting", "rule"),
    [
        ("Fold=3", "There is no parameter Fold."),
        ("Folds=three", "Parameter Folds must be of type Integer, got 'three'."),
        ("MaxTrainingJobs=0", "Parameter MaxTrainingJobs must be at least 1, got 0"),
        ("Folds", "--set must be NAME=VALUE, got 'Folds'."),
    ],
)
def test_a_wrong_setting_asks_nobody(pipeline, aws, deployable, setting, rule):
    assert pipeline("run", "--on", "aws", "--set", setting).mistake[0].startswith(rule)


@pytest.mark.parametrize("name", ["ROLE", "BUCKET", "IMAGE", "JOBS"])
def test_a_value_that_the_environment_lacks_asks_nobody(
    pipeline, aws, deployable, monkeypatch, name
):
    monkeypatch.setenv(name, "")
    rule, remedy = pipeline("run", "--on", "aws").mistake
    assert f"is the variable {name}, which is not set." in rule
    assert rule.startswith("conf/aws.yaml: ")
    assert "--set" in remedy


@pytest.mark.parametrize("option", [["--no-cache"], ["--from", "Select"], ["--only", "Select"]])
def test_what_only_this_machine_can_do_is_refused(pipeline, aws, deployable, option):
    rule, remedy = pipeline("run", "--on", "aws", *option).mistake
    assert rule == f"{option[0]} is for executions on this machine, got it with --on aws."
    assert remedy == "Leave it out, or --on aws."


ENDS = {
    "succeeded": (0, "Succeeded", "", [("Ingest", "Succeeded")]),
    "stopped": (130, "Stopped", "", [("Ingest", "Stopped")]),
    "none was good enough": (
        3,
        "Failed",
        "Step failure: One or multiple steps failed.",
        [failed("Fail", "", Fail={"ErrorMessage": "R2 0.1 < 0.6"})],
    ),
    "a mistake in the data": (
        2,
        "Failed",
        "",
        [failed("Ingest", "AlgorithmError: no such column, exit code: 2", ProcessingJob={})],
    ),
    "a fault in the code": (
        1,
        "Failed",
        "",
        [failed("Ingest", "AlgorithmError: , exit code: 255", ProcessingJob={})],
    ),
    "the first failure counts": (
        2,
        "CompletedWithFailures",
        "",
        [
            failed("Other", "CapacityError", minutes=9, TrainingJob={}),
            failed("Ingest", "AlgorithmError: x, exit code: 2", minutes=1, ProcessingJob={}),
        ],
    ),
    "a failure without a step": (1, "CompletedWithFailures", "something", []),
}


@pytest.mark.parametrize("name", ENDS)
def test_waiting_ends_with_the_exit_code_of_a_local_run(pipeline, aws, started, pauses, name):
    code, status, reason, entries = ENDS[name]
    started()
    stands(aws, "Executing")
    steps(aws, ("Ingest", "Executing"))
    stands(aws, status, reason)
    steps(aws, *entries)
    if code:
        steps(aws, *entries)
    ended = pipeline("run", "--on", "aws", "--wait")
    assert ended.code == code, ended
    assert ended.out == f"{EXECUTION}\n"
    assert "min  Ingest executing\n" in ended.err
    assert pauses == [SHORTEST]
    if code in (1, 2) and entries:
        assert "Read `pipeline logs abcdefghijkl Ingest --on aws`." in ended.err
    if code == 3:
        assert "Fail failed: R2 0.1 < 0.6" in ended.err
