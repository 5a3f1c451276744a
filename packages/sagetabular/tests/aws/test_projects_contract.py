"""`run-pipeline` and `get-pipeline-definition`, as SageMaker Projects calls them."""

from __future__ import annotations

import json
import time
from collections import namedtuple

import pytest

from sagetabular import get_pipeline_definition, run_pipeline

Ended = namedtuple("Ended", "code out err")
PIPELINE = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/houses-p-abc"
EXECUTION = f"{PIPELINE}/execution/abcdefghijkl"
ROLE = "arn:aws:iam::123456789012:role/official"
MODULE = "pipelines.training.pipeline"
TAGS = [
    {"Key": "sagemaker:project-name", "Value": "houses"},
    {"Key": "sagemaker:project-id", "Value": "p-abc"},
]
# What the buildspec of AWS's own template passes.
OFFICIAL = {
    "region": "eu-west-1",
    "sagemaker_project_arn": "",
    "role": ROLE,
    "default_bucket": "artifacts",
    "pipeline_name": "houses-p-abc",
    "model_package_group_name": "houses-p-abc",
    "base_job_prefix": "jobs/houses",
    "mlflow_tracking_arn": None,
}


@pytest.fixture
def call(monkeypatch, capsys, deployable):
    """Call one of the two programs in the small project."""

    def run(program, *arguments):
        monkeypatch.chdir(deployable.root)
        with pytest.raises(SystemExit) as exit_info:
            program.main(list(arguments))
        printed = capsys.readouterr()
        assert "Traceback" not in printed.out + printed.err
        return Ended(exit_info.value.code or 0, printed.out, printed.err)

    return run


@pytest.fixture
def upserted(aws, deployable):
    """AWS as it is asked by an upsert and a start; returns what was asked of it."""
    asked = {}
    client = aws.stubs["sagemaker"].client
    for operation in ("CreatePipeline", "StartPipelineExecution"):
        client.meta.events.register_first(
            f"provide-client-params.sagemaker.{operation}",
            lambda params, operation=operation, **_: asked.update({operation: params}),
        )
    aws.knows_who_asks()
    aws.has_objects(len(deployable.compile().assets.objects()))
    aws.refuse("sagemaker", "describe_pipeline", "ResourceNotFound")
    aws.answer("sagemaker", "create_pipeline", {"PipelineArn": PIPELINE})
    aws.answer("sagemaker", "start_pipeline_execution", {"PipelineExecutionArn": EXECUTION})
    return asked


@pytest.mark.parametrize("write", [json.dumps, repr], ids=["JSON", "Python literals"])
def test_the_official_arguments_reach_pipeline_and_execution(call, upserted, deployable, write):
    words = ["--role-arn", ROLE, "--tags", write(TAGS), "--kwargs", write(OFFICIAL)]
    ended = call(run_pipeline, "--module-name", MODULE, *words, "--no-wait")
    assert (ended.code, ended.out) == (0, f"Execution {EXECUTION}\n"), ended
    created, started = upserted["CreatePipeline"], upserted["StartPipelineExecution"]
    assert created["PipelineName"] == started["PipelineName"] == "houses-p-abc"
    assert (created["RoleArn"], created["Tags"]) == (ROLE, TAGS)
    assert created["PipelineDefinition"].encode() == deployable.compile().definition
    values = {entry["Name"]: entry["Value"] for entry in started["PipelineParameters"]}
    assert values["RoleArn"] == ROLE
    assert values["Bucket"] == "artifacts"
    assert values["ModelPackageGroup"] == "houses-p-abc"
    assert values["Prefix"] == "jobs/houses"
    assert values["QueryUri"].startswith("s3://artifacts/jobs/houses/queries/")


def test_flags_with_one_hyphen_are_those_with_two(call, upserted):
    words = ["-role-arn", ROLE, "-tags", "[]", "-kwargs", "{'default_bucket': 'b', 'role': None}"]
    ended = call(run_pipeline, "-n", MODULE, *words, "-description", "mine", "--no-wait")
    assert ended.code == 0, ended
    assert upserted["CreatePipeline"]["PipelineDescription"] == "mine"
    assert upserted["CreatePipeline"]["Tags"] == []


def test_the_roles_of_pipeline_and_jobs_may_differ(call, upserted):
    words = ["--role-arn", ROLE, "--kwargs", json.dumps({"role": ROLE + "-of-jobs"})]
    assert call(run_pipeline, "-n", MODULE, *words, "--no-wait").code == 0
    assert upserted["CreatePipeline"]["RoleArn"] == ROLE
    parameters = upserted["StartPipelineExecution"]["PipelineParameters"]
    assert {"Name": "RoleArn", "Value": ROLE + "-of-jobs"} in parameters


@pytest.mark.parametrize(("status", "code"), [("Succeeded", 0), ("Failed", 1), ("Stopped", 1)])
def test_it_waits_and_lists_the_steps(call, upserted, aws, monkeypatch, status, code):
    monkeypatch.setattr(time, "sleep", lambda _: None)
    steps = {"PipelineExecutionSteps": [{"StepName": "Ingest", "StepStatus": status}]}
    for now in ("Executing", status):
        answer = {"PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": now}
        aws.answer("sagemaker", "describe_pipeline_execution", answer)
        aws.answer("sagemaker", "list_pipeline_execution_steps", steps)
    aws.answer("sagemaker", "list_pipeline_execution_steps", steps)
    ended = call(run_pipeline, "-n", MODULE, "-role-arn", ROLE)
    assert ended.code == code
    assert ended.out.splitlines() == [f"Execution {EXECUTION}", f"Ingest: {status}", status]


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        (run_pipeline, []),
        (run_pipeline, ["-n", MODULE]),
        (run_pipeline, ["-role-arn", ROLE]),
        (get_pipeline_definition, []),
    ],
)
def test_a_missing_argument_ends_with_exit_code_2(call, program, arguments):
    ended = call(program, *arguments)
    assert ended.code == 2
    assert "required" in ended.err


@pytest.mark.parametrize(
    ("arguments", "rule", "remedy"),
    [
        (["-n", "pipelines.abalone"], f"--module-name must be {MODULE}, got 'pipelines", "Write"),
        (["-kwargs", "{'a': open('x')}"], "--kwargs must be a dict in JSON or as a Py", "Quote"),
        (["-kwargs", "[1]"], "--kwargs must be a dict in JSON or as a Python literal, got", "Quo"),
        (["-kwargs", "{'regoin': 'x'}"], "--kwargs has no argument 'regoin'.", "Did you mean re"),
        (["-kwargs", "{'region': 'us-east-1'}"], "--kwargs: region must be that of conf", "Im"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("program", [run_pipeline, get_pipeline_definition])
def test_whatever_else_is_wrong_ends_with_exit_code_1_in_two_lines(
    call, program, arguments, rule, remedy
):
    role = ["-role-arn", ROLE] if program is run_pipeline else []
    ended = call(program, "-n", MODULE, *role, *arguments)
    assert (ended.code, ended.out) == (1, "")
    found_rule, found_remedy = ended.err.splitlines()
    assert found_rule.startswith(rule)
    assert found_remedy.startswith(remedy)


@pytest.mark.parametrize("tags", ["[1]", "[{'Key': 'a'}]", "{}", "not a list"])
def test_tags_that_are_none_ask_nobody(call, aws, tags):
    ended = call(run_pipeline, "-n", MODULE, "-role-arn", ROLE, "-tags", tags)
    assert (ended.code, len(ended.err.splitlines())) == (1, 2)
    assert ended.err.startswith("--tags must ")


def test_the_definition_is_that_of_compile_whatever_the_arguments(call, deployable):
    expected = deployable.compile().definition
    ended = call(get_pipeline_definition, "-n", MODULE, "-kwargs", json.dumps(OFFICIAL))
    assert (ended.code, ended.out.encode()) == (0, expected)
    ended = call(get_pipeline_definition, "--module-name", MODULE, "-f", "made.json")
    assert (deployable.root / "made.json").read_bytes() == expected
    assert ended.out == f"made.json: {len(expected):,} bytes\n"


def test_a_file_that_cannot_be_written_ends_with_exit_code_1(call):
    ended = call(get_pipeline_definition, "-n", MODULE, "-f", "nowhere/made.json")
    assert ended.code == 1
    assert "cannot be written" in ended.err
