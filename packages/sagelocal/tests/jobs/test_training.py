from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from sagelocal.errors import DefinitionError, StorageError
from sagelocal.jobs.machine import Machine
from sagelocal.jobs.metrics import final_metrics, metric_values
from sagelocal.jobs.training import run_training_job

FIT = """
import json, os, pathlib, sys
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
config = base / "input" / "config"
given = {name: json.loads((config / f"{name}.json").read_text())
        for name in ("hyperparameters", "inputdataconfig", "resourceconfig")}
given["arguments"] = sys.argv[1:]
given["variables"] = {k: v for k, v in os.environ.items() if k.startswith("SM_")}
given["channel"] = sorted(os.listdir(os.environ["SM_CHANNEL_CODE"]))
(base / "output" / "data" / "given.json").write_text(json.dumps(given))
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text("the model")
print("cv:r2=0.5;"); print("cv:r2=0.75; cv:r2=0.875;")
import helper
"""


@pytest.fixture
def run(machine: Machine, build):
    def run_job(source: str, request=None, name: str = "job"):
        build.put_code(machine.storage, fit=source, helper="print('imported')")
        request = request or build.training_request(max_depth="7", criterion='"gini"')
        return run_training_job(request, name=name, step="Step", machine=machine)

    return run_job


def given(machine: Machine):
    content = machine.storage.read_bytes("s3://bucket/models/job/output/output.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return json.load(tar.extractfile("given.json"))


def test_a_job_publishes_its_model_below_its_name_and_reports_its_metrics(
    run, machine: Machine
) -> None:
    response = run(FIT)
    uri = "s3://bucket/models/job/output/model.tar.gz"
    assert response["TrainingJobStatus"] == "Completed"
    assert response["ModelArtifacts"] == {"S3ModelArtifacts": uri}
    assert [(m["MetricName"], m["Value"]) for m in response["FinalMetricDataList"]] == [
        ("cv:r2", 0.875)
    ]
    with tarfile.open(fileobj=io.BytesIO(machine.storage.read_bytes(uri))) as tar:
        assert tar.getnames() == ["model.txt"]
        assert tar.extractfile("model.txt").read() == b"the model"


def test_a_script_reads_everything_that_a_framework_container_sets(run, machine) -> None:
    run(FIT)
    seen = given(machine)
    assert seen["hyperparameters"]["max_depth"] == "7"
    assert seen["hyperparameters"]["criterion"] == '"gini"'
    assert seen["hyperparameters"]["sagemaker_program"] == "fit.py"
    assert seen["inputdataconfig"]["code"]["TrainingInputMode"] == "File"
    assert seen["resourceconfig"]["hosts"] == ["algo-1"]
    assert seen["arguments"] == ["--criterion", "gini", "--max_depth", "7"]
    assert seen["channel"] == ["sourcedir.tar.gz"]
    variables = seen["variables"]
    assert variables["SM_HP_CRITERION"] == "gini"
    assert json.loads(variables["SM_HPS"]) == {"criterion": "gini", "max_depth": 7}
    assert json.loads(variables["SM_CHANNELS"]) == ["code"]
    assert Path(variables["SM_MODEL_DIR"]) == (machine.work / "job" / "model").resolve()


def test_the_same_model_gives_the_same_archive(run, machine: Machine) -> None:
    models = []
    for name in ("one", "two"):
        response = run(FIT, name=name)
        models.append(machine.storage.read_bytes(response["ModelArtifacts"]["S3ModelArtifacts"]))
    assert models[0] == models[1]


def test_a_failure_text_becomes_the_failure_reason(run, machine: Machine) -> None:
    source = (
        "import os, pathlib, sys\n"
        "pathlib.Path(os.environ['SM_OUTPUT_DIR'], 'failure').write_text('No rows.\\nAdd some.')\n"
        "sys.exit(2)\n"
    )
    response = run(source)
    assert response["TrainingJobStatus"] == "Failed"
    assert (response["ExitCode"], response["FailureReason"]) == (2, "No rows.\nAdd some.")
    assert not machine.storage.exists("s3://bucket/models/job")
    assert (machine.work / "job").exists()


def test_a_json_quoted_program_name_is_understood(run, build) -> None:
    response = run(FIT, build.training_request('"fit.py"'))
    assert response["ExitCode"] == 0


@pytest.mark.parametrize("program", ["other.py", "../input/data/code/sourcedir.tar.gz", ""])
def test_a_program_that_the_archive_does_not_hold_is_refused(run, build, program: str) -> None:
    with pytest.raises(DefinitionError):
        run(FIT, build.training_request(program))


def test_a_job_without_script_mode_is_refused(run, build) -> None:
    request = build.training_request()
    request["HyperParameters"] = {"max_depth": "7"}
    with pytest.raises(DefinitionError, match="needs the hyperparameters sagemaker_program"):
        run(FIT, request)


def test_a_missing_channel_is_an_error_that_names_step_and_channel(run, build) -> None:
    request = build.training_request()
    train = {
        "ChannelName": "train",
        "DataSource": {"S3DataSource": {"S3Uri": "s3://bucket/none", "S3DataType": "S3Prefix"}},
    }
    request["InputDataConfig"].append(train)
    with pytest.raises(StorageError, match="Step Step, channel train: No S3 objects found"):
        run(FIT, request)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("r2=0.1;\nr2=-2.5e-3;\n", -0.0025),
        ("r2=1;", 1.0),
        ("r2=0.1; r2=.5;", 0.5),
        ("r2=0.1;\nr2=nan;", None),
        ("r2=inf;", None),
        ("r2=0.1; r2=none;", None),
        ("nothing", None),
        ("", None),
    ],
)
def test_the_last_match_of_a_metric_counts_and_must_be_a_finite_number(
    tmp_path: Path, text: str, value: float | None
) -> None:
    (tmp_path / "log").write_text(text)
    definitions = [{"Name": "r2", "Regex": "r2=([^;]+);"}]
    values = metric_values(tmp_path / "log", definitions)
    found = {m["MetricName"]: m["Value"] for m in final_metrics(values)}
    assert found == ({} if value is None else {"r2": value})


@pytest.mark.parametrize("regex", ["r2=(", "r2=.*"])
def test_a_metric_definition_that_cannot_work_is_refused(tmp_path: Path, regex: str) -> None:
    (tmp_path / "log").write_text("r2=1")
    with pytest.raises(DefinitionError, match="Metric r2"):
        metric_values(tmp_path / "log", [{"Name": "r2", "Regex": regex}])
