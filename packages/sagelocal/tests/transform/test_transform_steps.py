"""Model and Transform steps of whole pipelines."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from batch_server import ARTEFACT, put_model, request

from sagelocal import LocalSageMaker, ServeCommand
from sagelocal.cli import main


def steps() -> list[dict[str, Any]]:
    container = {"Image": "image", "ModelDataUrl": ARTEFACT}
    create = {"Name": "Create", "Type": "Model", "Arguments": {"PrimaryContainer": container}}
    arguments = {**request(), "ModelName": {"Get": "Steps.Create.ModelName"}}
    return [create, {"Name": "Predict", "Type": "Transform", "Arguments": arguments}]


@pytest.fixture
def whole(home: Path, command: ServeCommand, tmp_path: Path) -> LocalSageMaker:
    sagemaker = LocalSageMaker(home, slots=2, serve=command)
    put_model(sagemaker.storage, tmp_path)
    sagemaker.storage.put_bytes("s3://bucket/in/a.csv", b"1\n2\n")
    return sagemaker


def test_a_pipeline_makes_a_model_transforms_with_it_and_reads_the_output(whole, build) -> None:
    read = build.processing(
        "Read",
        "import os, pathlib\n"
        "base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR'])\n"
        "text = (base / 'processing/input/data/a.csv.out').read_text()\n"
        "assert text == '2.0\\n4.0\\n', text\n",
        inputs={"data": "x"},
    )
    place = read["Arguments"]["ProcessingInputs"][0]["S3Input"]
    place["S3Uri"] = {"Get": "Steps.Predict.TransformOutput.S3OutputPath"}
    record = whole.start(build.definition(read, *steps()), pipeline_name="demo")
    assert (record.status, record.failure_reason) == ("Succeeded", None)


def test_a_step_that_asks_for_the_same_of_the_same_model_takes_the_earlier_result(
    whole, build, noted
) -> None:
    create, predict = steps()
    whole.start(build.definition(create), pipeline_name="first")
    name = next(iter(whole.executions()[0].steps.values())).response["ModelName"]
    predict["Arguments"]["ModelName"] = name
    predict["CacheConfig"] = {"Enabled": True, "ExpireAfter": "30d"}
    definitions = [build.definition(predict)]
    predict["Arguments"]["TransformOutput"]["S3OutputPath"] = "s3://bucket/elsewhere"
    predict["Arguments"]["MaxPayloadInMB"] = 1
    definitions.append(build.definition(predict))
    predict["Arguments"]["Environment"] = {"A": "b"}
    definitions.append(build.definition(predict))
    records = [whole.start(content, pipeline_name="demo") for content in definitions]
    statuses = [record.steps["Predict"].shown_status for record in records]
    assert statuses == ["Succeeded", "Succeeded (cached)", "Succeeded"]
    assert len(noted("variables")) == 2


def test_a_job_whose_server_was_killed_has_failed(whole, build, noted) -> None:
    create, predict = steps()
    predict["Arguments"]["Environment"] = {"DIE": "9"}
    predict["RetryPolicies"] = [{"ExceptionType": ["Step.SERVICE_FAULT"], "MaxAttempts": 2}]
    record = whole.start(build.definition(create, predict), pipeline_name="demo")
    assert record.steps["Predict"].exit_code == -9
    assert len(noted("variables")) == 1


def test_the_command_serves_models_with_what_it_is_given(
    whole, home: Path, build, command: ServeCommand, tmp_path: Path
) -> None:
    create, predict = steps()
    predict["Arguments"]["Environment"] = {"NOTES": str(tmp_path / "notes.jsonl")}
    file = tmp_path / "definition.json"
    file.write_bytes(build.definition(create, predict))
    words = ["run", str(file), "--home", str(home)]
    assert main(words) == 2, "nothing serves a model"
    assert main([*words, "--serve", shlex.join(command.words)]) == 0
    assert whole.storage.read_bytes("s3://bucket/out/a.csv.out") == b"2.0\n4.0\n"
