"""`pipeline executions`, `show`, `logs` and `stop` on AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import ANY

PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/test-project"
JOBS = "arn:aws:sagemaker:eu-west-1:123456789012"
BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
FIRST, SECOND = f"{PIPELINE}/execution/abcd1111", f"{PIPELINE}/execution/abce2222"


@pytest.fixture
def known(aws, deployable):
    """Two executions, on two pages, the newer one first."""
    aws.knows_who_asks()
    asked = {
        "PipelineName": "test-project",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
    }
    pages = [(SECOND, "Executing", {}), (FIRST, "Failed", {"NextToken": ANY})]
    for number, (arn, status, more) in enumerate(pages):
        summary = {
            "PipelineExecutionArn": arn,
            "PipelineExecutionStatus": status,
            "StartTime": BEGIN - timedelta(hours=number),
        }
        answer = {"PipelineExecutionSummaries": [summary]}
        token = {} if number else {"NextToken": "more"}
        aws.answer("sagemaker", "list_pipeline_executions", answer | token, asked | more)
    return aws


def describe(aws, arn, status="Executing", **more):
    answer = {
        "PipelineExecutionArn": arn,
        "PipelineExecutionStatus": status,
        "CreationTime": BEGIN,
        **more,
    }
    aws.answer("sagemaker", "describe_pipeline_execution", answer, {"PipelineExecutionArn": arn})


def has_steps(aws, *entries):
    times = {"StartTime": BEGIN, "EndTime": BEGIN + timedelta(seconds=90)}
    aws.answer(
        "sagemaker",
        "list_pipeline_execution_steps",
        {"PipelineExecutionSteps": [times | entry for entry in entries]},
    )


def test_executions_are_listed_newest_first_over_all_pages(pipeline, known):
    ended = pipeline("executions", "--on", "aws")
    lines = [line.split()[:2] for line in ended.out.splitlines()]
    assert lines == [["execution", "status"], ["abce2222", "Executing"], ["abcd1111", "Failed"]]
    assert ended.err == "AWS account 123456789012, region eu-west-1\n"


def test_a_pipeline_that_never_ran_says_how_to_start_it(pipeline, aws, deployable):
    aws.knows_who_asks()
    aws.answer("sagemaker", "list_pipeline_executions", {"PipelineExecutionSummaries": []})
    assert "pipeline run --on aws" in pipeline("executions", "--on", "aws").out


def test_show_tells_steps_with_reasons_and_parameters(pipeline, known):
    describe(known, FIRST, "Failed", FailureReason="One or multiple steps failed.")
    cached = {"SourcePipelineExecutionArn": SECOND}
    has_steps(
        known,
        {"StepName": "Ingest", "StepStatus": "Succeeded", "CacheHitResult": cached,
         "Metadata": {"ProcessingJob": {"Arn": f"{JOBS}:processing-job/i"}}},
        {"StepName": "QualityGate", "StepStatus": "Succeeded",
         "Metadata": {"Condition": {"Outcome": "False"}}},
        {"StepName": "Stop", "StepStatus": "Failed", "FailureReason": "R2 is\n0.1",
         "Metadata": {"Fail": {"ErrorMessage": "R2 is 0.1"}}},
    )  # fmt: skip
    parameters = [{"Name": "Folds", "Value": "5"}]
    known.answer(
        "sagemaker", "list_pipeline_parameters_for_execution", {"PipelineParameters": parameters}
    )
    ended = pipeline("show", "abcd", "--on", "aws")
    lines = [" ".join(line.split()) for line in ended.out.splitlines()]
    assert "Ingest ProcessingJob Succeeded: reused 90.0" in lines
    assert "QualityGate Condition Succeeded: False 90.0" in lines
    assert "Stop Fail Failed 90.0 R2 is 0.1" in lines
    assert "Folds 5" in lines
    assert "Execution abcd1111: Failed" in lines
    assert lines[-1] == "One or multiple steps failed."


@pytest.mark.parametrize(("word", "count"), [("abc", 2), ("nothing", 0)])
def test_an_identifier_must_mean_one_execution(pipeline, known, word, count):
    ended = pipeline("show", word, "--on", "aws")
    assert ended.code == 2
    rule, remedy = ended.err.splitlines()[-2:]
    assert rule == f"One execution of test-project must be called {word}, got {count}."
    assert remedy == "See `pipeline executions --on aws`."


def test_stop_asks_for_the_end_of_what_runs(pipeline, known):
    describe(known, SECOND)
    asked = {"PipelineExecutionArn": SECOND, "ClientRequestToken": ANY}
    known.answer("sagemaker", "stop_pipeline_execution", {"PipelineExecutionArn": SECOND}, asked)
    assert "abce2222 is asked to stop." in pipeline("stop", "abce").out


def test_stop_leaves_alone_what_has_ended(pipeline, known):
    describe(known, FIRST, "Failed")
    assert pipeline("stop", "abcd1111").out == "abcd1111 had ended before: Failed\n"


def test_logs_of_a_search_are_those_of_its_trials(pipeline, known):
    describe(known, FIRST, "Failed")
    tuning = {"TuningJob": {"Arn": f"{JOBS}:hyper-parameter-tuning-job/search"}}
    has_steps(known, {"StepName": "TuneRidge", "StepStatus": "Succeeded", "Metadata": tuning})
    trials = [
        {
            "TrainingJobName": f"search-00{n}",
            "TrainingJobArn": f"{JOBS}:training-job/search-00{n}",
            "CreationTime": BEGIN,
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {},
        }
        for n in (1, 2)
    ]
    known.answer(
        "sagemaker",
        "list_training_jobs_for_hyper_parameter_tuning_job",
        {"TrainingJobSummaries": trials},
        {
            "HyperParameterTuningJobName": "search",
            "SortBy": "CreationTime",
            "SortOrder": "Ascending",
        },
    )
    for name in ("search-001", "search-002"):
        events = [
            {"logStreamName": f"{name}/algo-1", "message": f"{name} line {n}"} for n in (1, 2)
        ]
        asked = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamNamePrefix": f"{name}/"}
        known.answer("logs", "filter_log_events", {"events": events}, asked)
    assert pipeline("logs", "abcd1", "TuneRidge", "--on", "aws").out.splitlines() == [
        "==> TuneRidge: search-001/algo-1 <==",
        "search-001 line 1",
        "search-001 line 2",
        "==> TuneRidge: search-002/algo-1 <==",
        "search-002 line 1",
        "search-002 line 2",
    ]


def test_a_job_that_has_printed_nothing_has_no_log(pipeline, known):
    describe(known, FIRST, "Failed")
    job = {"ProcessingJob": {"Arn": f"{JOBS}:processing-job/i"}}
    has_steps(
        known,
        {"StepName": "Ingest", "StepStatus": "Failed", "Metadata": job},
        {"StepName": "Gate", "StepStatus": "Failed", "Metadata": {"Condition": {}}},
    )
    known.refuse("logs", "filter_log_events", "ResourceNotFoundException")
    ended = pipeline("logs", "abcd1", "--on", "aws")
    assert (ended.code, ended.out) == (0, "")


def test_an_unknown_step_names_the_closest(pipeline, known):
    describe(known, FIRST, "Failed")
    has_steps(known, {"StepName": "Ingest", "StepStatus": "Failed"})
    ended = pipeline("logs", "abcd1", "Ingst", "--on", "aws")
    assert ended.code == 2
    assert ended.err.splitlines()[-2:] == [
        "Execution abcd1111 has no step 'Ingst' that has started.",
        "Did you mean Ingest?",
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--help"], ["executions"], ["run", "--help"], ["upsert", "--help"]], ids=" ".join
)
def test_what_does_not_ask_aws_does_not_import_its_library(example, arguments):
    code = (
        "import sys\nfrom sagetabular.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    print({'boto3', 'botocore'} & set(sys.modules), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == "set()\n"


def test_logs_without_an_identifier_are_those_of_the_latest(pipeline, aws, deployable):
    aws.knows_who_asks()
    newest = {"PipelineExecutionArn": SECOND, "PipelineExecutionStatus": "Failed"}
    aws.answer("sagemaker", "list_pipeline_executions", {"PipelineExecutionSummaries": [newest]})
    describe(aws, SECOND, "Failed")
    has_steps(aws, {"StepName": "Stop", "StepStatus": "Failed", "Metadata": {"Fail": {}}})
    assert pipeline("logs", "--on", "aws").code == 0
