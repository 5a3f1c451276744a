"""`pipeline report --on aws`: the same page, from the same keys."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from botocore.response import StreamingBody

JOBS = "arn:aws:sagemaker:eu-west-1:123456789012"
EXECUTION = f"{JOBS}:pipeline/test-project/execution/abcd1111"
BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
PREFIX = "s3://the-bucket/test-project/executions/abcd1111"
SETTINGS = "s3://the-bucket/test-project/settings/0123"
STEPS = {
    "Preprocess": ("Processing", "ProcessingJob", "processing-job"),
    "TuneRidge": ("Tuning", "TuningJob", "hyper-parameter-tuning-job"),
    "EvaluateRidge": ("Processing", "ProcessingJob", "processing-job"),
    "Select": ("Processing", "ProcessingJob", "processing-job"),
    "Later": ("Processing", "ProcessingJob", "processing-job"),
}
METRIC = {"value": 0.7654, "standard_deviation": 0.01}
FOLDS = [{"fold": number, "r2": 0.8 + number / 100} for number in range(3)]
DOCUMENTS = {
    "summary/summary.json": {
        "rows_read": 1234, "duplicates_removed": 0, "training_rows": 20, "test_rows": 50,
        "fold_rows": [7, 7, 6], "missing_values": {}, "fingerprint": "abc",
    },
    "evaluate/ridge/evaluation.json": {
        "regression_metrics": dict.fromkeys(("r2", "rmse", "mae"), METRIC)
    },
    "evaluate/ridge/cv.json": {"r2": 0.81, "r2_std": 0.01, "folds": FOLDS},
    "select/selection.json": {
        "ranking": [{"model": "ridge", "cv_r2": 0.81, "cv_r2_std": 0.01, "test_r2": 0.7654}]
    },
}  # fmt: skip
OBJECTIVE = {"MetricName": "cv:r2", "Type": "Maximize"}
ACTUAL = np.random.default_rng(0).normal(size=50)
PREDICTIONS = {"actual": ACTUAL, "predicted": ACTUAL * 0.9}
OUTPUTS = {
    "Preprocess": ("summary", "summary"),
    "EvaluateRidge": ("evaluation", "evaluate/ridge"),
    "Select": ("selection", "select"),
}


def finds_the_latest(aws):
    aws.knows_who_asks()
    entry = {"PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": "Failed"}
    aws.answer("sagemaker", "list_pipeline_executions", {"PipelineExecutionSummaries": [entry]})
    described = {
        "PipelineExecutionArn": EXECUTION,
        "PipelineExecutionStatus": "Failed",
        "FailureReason": "Step failure: Later",
        "CreationTime": BEGIN,
        "LastModifiedTime": BEGIN + timedelta(minutes=20),
    }
    asked = {"PipelineExecutionArn": EXECUTION}
    aws.answer("sagemaker", "describe_pipeline_execution", described, asked)


def tells_its_story(aws):
    steps = [{"Name": name, "Type": kind, "Arguments": {}} for name, (kind, _, _) in STEPS.items()]
    definition = json.dumps({"Version": "2020-12-01", "Steps": steps})
    aws.answer(
        "sagemaker",
        "describe_pipeline_definition_for_execution",
        {"PipelineDefinition": definition},
    )
    started = [
        {
            "StepName": name,
            "StepStatus": "Failed" if name == "Later" else "Succeeded",
            "StartTime": BEGIN,
            "EndTime": BEGIN + timedelta(seconds=90),
            "Metadata": {made: {"Arn": f"{JOBS}:{resource}/{name.lower()}"}},
        }
        for name, (_, made, resource) in STEPS.items()
    ]
    started[-1]["FailureReason"] = "ClientError: it broke"
    aws.answer("sagemaker", "list_pipeline_execution_steps", {"PipelineExecutionSteps": started})
    for name in ("Preprocess", "TuneRidge", "EvaluateRidge", "Select"):
        if name == "TuneRidge":
            tells_of_the_search(aws)
        else:
            tells_of_a_job(aws, name)


def tells_of_a_job(aws, name):
    output, path = OUTPUTS[name]
    target = {"S3Uri": f"{PREFIX}/{path}", "LocalPath": "/opt", "S3UploadMode": "EndOfJob"}
    answer = {
        "ProcessingJobName": name.lower(),
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30,
            }
        },
        "AppSpecification": {"ImageUri": "i", "ContainerArguments": ["--model", "ridge"]},
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": output, "S3Output": target}]},
        "ProcessingJobArn": f"{JOBS}:processing-job/{name.lower()}",
        "ProcessingJobStatus": "Completed",
        "CreationTime": BEGIN,
    }  # fmt: skip
    if name == "Preprocess":
        source = {"S3Uri": SETTINGS, "S3DataType": "S3Prefix"}
        answer["ProcessingInputs"] = [{"InputName": "settings", "S3Input": source}]
    asked = {"ProcessingJobName": name.lower()}
    aws.answer("sagemaker", "describe_processing_job", answer, asked)


def tells_of_the_search(aws):
    continuous = {"Name": "strength", "MinValue": "1", "MaxValue": "100"}
    counts = {"Completed": 2, "InProgress": 0, "RetryableError": 0,
              "NonRetryableError": 0, "Stopped": 0}  # fmt: skip
    answer = {
        "HyperParameterTuningJobName": "tuneridge",
        "HyperParameterTuningJobArn": f"{JOBS}:hyper-parameter-tuning-job/tuneridge",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxParallelTrainingJobs": 1},
            "ParameterRanges": {"ContinuousParameterRanges": [continuous]},
            "HyperParameterTuningJobObjective": OBJECTIVE,
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"job_model": "ridge", "centred": "true"},
            "AlgorithmSpecification": {"TrainingInputMode": "File"},
            "RoleArn": "arn:aws:iam::123456789012:role/pipelines",
            "OutputDataConfig": {"S3OutputPath": f"{PREFIX}/tune/ridge"},
            "StoppingCondition": {},
        },
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": BEGIN,
        "TrainingJobStatusCounters": counts,
        "ObjectiveStatusCounters": {"Succeeded": 2, "Pending": 0, "Failed": 0},
    }
    aws.answer("sagemaker", "describe_hyper_parameter_tuning_job", answer)
    trials = [
        {
            "TrainingJobName": f"trial-{number}",
            "TrainingJobArn": f"{JOBS}:training-job/trial-{number}",
            "CreationTime": BEGIN,
            "TrainingStartTime": BEGIN,
            "TrainingEndTime": BEGIN + timedelta(seconds=30),
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {"strength": "12.5"},
            "FinalHyperParameterTuningJobObjectiveMetric": {
                "MetricName": OBJECTIVE["MetricName"], "Value": 0.8 + number / 100,
            },
        }
        for number in (0, 1)
    ]  # fmt: skip
    listing = "list_training_jobs_for_hyper_parameter_tuning_job"
    aws.answer("sagemaker", listing, {"TrainingJobSummaries": trials})


def has_parameters(aws):
    entries = [{"Name": n, "Value": v} for n, v in (("Database", "estate"), ("Table", "sales"))]
    aws.answer(
        "sagemaker", "list_pipeline_parameters_for_execution", {"PipelineParameters": entries}
    )


def has_object(aws, name, content, folder=PREFIX):
    stream = StreamingBody(io.BytesIO(content), len(content))
    key = f"{folder}/{name}".removeprefix("s3://the-bucket/")
    asked = {"Bucket": "the-bucket", "Key": key}
    aws.answer("s3", "get_object", {"Body": stream}, asked)


def has_artefacts(aws):
    """In the order in which they are read; a ridge model offers no importance."""
    predictions = pd.DataFrame(PREDICTIONS).to_parquet()
    documents = {name: json.dumps(content).encode() for name, content in DOCUMENTS.items()}
    documents["evaluate/ridge/predictions.parquet"] = predictions
    for name in ("summary/summary.json", "evaluate/ridge/evaluation.json",
                 "evaluate/ridge/predictions.parquet", "evaluate/ridge/cv.json"):  # fmt: skip
        has_object(aws, name, documents[name])
        if name.startswith("summary"):
            said = {"target": "price", "drop": ["agent"], "split": {"kind": "time"}}
            has_object(aws, "preprocess.json", json.dumps(said).encode(), SETTINGS)
    aws.refuse("s3", "get_object", "NoSuchKey", status=404)
    has_object(aws, "select/selection.json", documents["select/selection.json"])


@pytest.fixture
def told(aws, deployable):
    finds_the_latest(aws)
    tells_its_story(aws)
    has_artefacts(aws)
    has_parameters(aws)
    return aws


def test_the_report_shows_what_the_execution_has_left_on_aws(pipeline, told, example):
    ended = pipeline("report", "--on", "aws")
    file = example.root / ".pipeline/aws/executions/abcd1111/report.html"
    assert (ended.code, ended.err) == (0, "AWS account 123456789012, region eu-west-1\n")
    assert ended.out.startswith(".pipeline/aws/executions/abcd1111/report.html: ")
    page = file.read_text(encoding="utf-8")
    settings = ("data.drop", "agent", "split.kind", "centred")
    results = ("estate.sales", "0.7654", "0.8100", "1,234", "12.5", "it broke")
    for words in ("abcd1111", *settings, *results):
        assert words in page, words


@pytest.fixture
def classes(monkeypatch):
    """Let the execution have predicted two classes, by log loss: trial 1 was better than 2."""
    quality = dict.fromkeys(("log_loss", "accuracy"), METRIC) | {"confusion_matrix": {}}
    ranked = {"model": "ridge", "cv_log_loss": 0.81, "cv_log_loss_std": 0.01}
    ranked |= {"test_log_loss": 0.7654, "test_accuracy": 0.7654}
    folds = [{"fold": fold["fold"], "log_loss": fold["r2"]} for fold in FOLDS]
    for name, content in {
        "evaluate/ridge/evaluation.json": {"binary_classification_metrics": quality},
        "evaluate/ridge/cv.json": {"log_loss": 0.81, "log_loss_std": 0.01, "folds": folds},
        "select/selection.json": {"task": "binary", "metric": "log_loss", "ranking": [ranked]},
    }.items():
        monkeypatch.setitem(DOCUMENTS, name, content)
    for name, value in {"MetricName": "cv:log_loss", "Type": "Minimize"}.items():
        monkeypatch.setitem(OBJECTIVE, name, value)
    likely = 1 / (1 + np.exp(-ACTUAL))
    labels = {"actual": np.where(ACTUAL > 0.5, "yes", "no"),
              "predicted": np.where(likely > 0.5, "yes", "no")}  # fmt: skip
    for name, column in (
        labels | {"probability_no": 1 - likely, "probability_yes": likely}
    ).items():
        monkeypatch.setitem(PREDICTIONS, name, column)


def test_the_report_of_classes_reads_as_one_of_this_machine(pipeline, classes, told, example):
    assert pipeline("report", "--on", "aws").code == 0
    page = (example.root / ".pipeline/aws/executions/abcd1111/report.html").read_text("utf-8")
    for words in ("Test log loss", "Confusion matrix", "ROC curve", "Calibration",
                  "Best: trial 1 with log loss 0.8000; lower is better.",
                  "Log loss (selects the winner)"):  # fmt: skip
        assert words in page, words
    assert "R2" not in page


def test_what_was_read_once_is_not_read_again(pipeline, told, tmp_path):
    assert pipeline("report", "--on", "aws").code == 0
    finds_the_latest(told)
    tells_its_story(told)
    told.refuse("s3", "get_object", "NoSuchKey", status=404)  # it may have come meanwhile
    has_parameters(told)
    target = tmp_path / "mine.html"
    assert pipeline("report", "--on", "aws", "-o", target).code == 0
    assert "0.7654" in target.read_text(encoding="utf-8")


def test_a_pipeline_that_never_ran_has_nothing_to_report_on(pipeline, aws, deployable):
    aws.knows_who_asks()
    aws.answer("sagemaker", "list_pipeline_executions", {"PipelineExecutionSummaries": []})
    ended = pipeline("report", "--on", "aws")
    assert ended.code == 2
    assert ended.err.splitlines()[1:] == [
        "test-project has no execution on AWS.",
        "Start one with `pipeline run --on aws`.",
    ]


def test_an_object_that_may_not_be_read_is_named(pipeline, aws, deployable, example):
    finds_the_latest(aws)
    tells_its_story(aws)
    aws.refuse("s3", "get_object", "AccessDenied", "no")
    ended = pipeline("report", "--on", "aws")
    assert ended.code == 2
    uri = f"{PREFIX}/summary/summary.json"
    assert ended.err.splitlines()[1] == f"S3 refused GetObject of {uri}: AccessDenied: no"
    assert not list(example.root.rglob("report.html"))
