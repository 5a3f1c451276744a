from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from localsage import LocalSageMaker
from pipelines.lake.sample import make_sample

STOP = {"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "enough"}}


@pytest.fixture
def lake(example, tmp_path, pipeline):
    """The table that the small project asks for, in its lake."""
    table = make_sample(60)[["total_rooms", "households", "median_house_value"]]
    table.columns = ["rooms", "area", "price"]
    table = table.assign(district="north", sold="2026-01-01")
    table.to_csv(tmp_path / "sales.csv", index=False)
    assert pipeline("data", "add", tmp_path / "sales.csv").code == 0


@pytest.fixture
def execution(example):
    """An execution of another, tiny pipeline on the same machine."""
    definition = json.dumps({"Version": "2020-12-01", "Steps": [STOP]}).encode()
    home = LocalSageMaker(example.root / ".pipeline")
    return home.start(definition, pipeline_name="tiny", metadata={"data": "none"})


def made(example):
    """What lies below `.pipeline` beside the lake."""
    return {path.name for path in (example.root / ".pipeline").glob("*")} - {"lake"}


def test_help_lists_the_commands(pipeline):
    ended = pipeline("--help")
    assert ended.code == 0
    commands = (
        "compile graph run upsert stop resume executions show logs report clean mlflow predict "
        "invoke model registry data"
    )
    for command in commands.split():
        assert command in ended.out


def test_past_runs_are_shown_whatever_the_settings_have_become(example, execution, pipeline):
    example.write("conf/pipeline.yaml", "split: ]")
    assert execution.id in pipeline("executions").out
    assert pipeline("show", execution.id).code == 0
    assert pipeline("run").mistake[0].startswith("conf/pipeline.yaml")


def test_help_comes_without_reading_or_importing_what_it_does_not_need(tmp_path):
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    heavy = {'pydantic', 'yaml', 'jinja2', 'numpy', 'pandas', 'optuna', 'boto3'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "--help"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "[]\n")


@pytest.mark.skipif(os.name != "posix", reason="Windows has another word for it")
@pytest.mark.parametrize(
    "command", [["run"], ["clean", "--keep", "1"], ["data", "add", "../sales.csv"]]
)
def test_a_home_that_cannot_be_written_is_told_in_two_lines(example, pipeline, lake, command):
    home = example.root / ".pipeline"
    if command == ["run"]:
        shutil.rmtree(home / "s3", ignore_errors=True)
        (home / "s3").write_text("in the way")
    else:
        shutil.rmtree(home)
        home.write_text("in the way")
    rule, remedy = pipeline(*command).mistake
    assert rule.startswith(str(home))
    assert " cannot be used: " in rule
    assert remedy == "Let this user read and write there, or copy the project elsewhere."


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits are set before the program starts")
def test_a_table_that_does_not_fit_on_the_disk_leaves_the_previous_one(example, lake):
    folder = example.root / ".pipeline/lake/estate"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    rows = "rooms,area,district,sold,price\n" + "1,2,north,2026-01-01,3\n" * 5
    numbers = "".join(f"{n * 7919 % 1e5},{n},x{n},2026-01-01,{n}\n" for n in range(9000))
    (example.root / "big.csv").write_text(rows + numbers)
    code = (
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from pipelines.cli import main\nmain()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, "data", "add", "big.csv"],
        cwd=example.root,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2, ended
    assert len(ended.stderr.splitlines()) == 2, ended
    assert "cannot be written: File too large." in ended.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_command_that_does_not_exist_ends_with_exit_code_2(pipeline):
    ended = pipeline("complie")
    assert ended.code == 2
    assert "complie" in ended.err


@pytest.mark.parametrize("command", [["compile"], ["run"], ["registry", "list"]])
def test_a_wrong_field_is_named_by_whatever_command_reads_it(pipeline, example, command):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    assert pipeline(*command).mistake == [
        "conf/pipeline.yaml: split.folds must be 2 or more, or 0 for one validation split, got 1.",
        "Set it to 5, or drop it for the default.",
    ]
    assert not made(example)


@pytest.mark.parametrize(
    "command", [["compile"], ["run"], ["executions"], ["show", "x"], ["data", "sample"]]
)
def test_outside_a_project_every_command_says_so(pipeline, tmp_path, command):
    rule, remedy = pipeline(*command, folder=tmp_path).mistake
    expected = f"{tmp_path.resolve()}: neither it nor a folder above it holds conf/pipeline.yaml."
    assert rule == expected
    assert remedy == "Change into the project's folder."
    assert not (tmp_path / ".pipeline").exists()


def test_run_without_data_says_how_to_get_some(pipeline, example):
    assert pipeline("run").mistake == [
        "conf/pipeline.yaml: data.table: the local lake has no table estate.sales.",
        "Fill it: `pipeline data sample`, `data add FILE` or `data fetch`.",
    ]
    assert not made(example)


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize(
    ("setting", "rule", "remedy"),
    [
        ("Fold=3", "There is no parameter Fold.", "Did you mean Folds?"),
        ("xyz=3", "There is no parameter xyz.", "Known are: Bucket, Commit, "),
        ("Folds=three", "Parameter Folds must be of type Integer, got 'three'.", "Give it a whole"),
        ("Folds=3.5", "Parameter Folds must be of type Integer, got '3.5'.", "Give it a whole"),
        ("MinimumR2=x", "Parameter MinimumR2 must be of type Float, got 'x'.", "Give it a finite"),
        ("MinimumR2=nan", "Parameter MinimumR2 must be of type Float, got 'nan'.", "Give it a fin"),
        ("MaxTrainingJobs=0", "Parameter MaxTrainingJobs must be at least 1, got 0", "Give it"),
        ("MaxParallelTrainingJobs=-1", "Parameter MaxParallelTrainingJobs must be at", "Give"),
        ("Seed=-5", "Parameter Seed must be at least 0, got -5", "Give it another value"),
        ("TrainingInstanceType=ml.x", "Parameter TrainingInstanceType must be a value", "Give"),
        (
            "ModelApprovalStatus=approved",
            "Parameter ModelApprovalStatus must be one of PendingManualApproval, Approved, Reject",
            "Did you mean Approved?",
        ),
        ("Table=sale", "conf/pipeline.yaml: data.table: the local lake has no table estate.sale.",
         "Fill it: "),
        ("Folds", "--set must be NAME=VALUE, got 'Folds'.", "Write, for example, --set MaxTrain"),
        ("=3", "--set must be NAME=VALUE, got '=3'.", "Write, for example, --set MaxTrain"),
    ],
)  # fmt: skip
def test_a_wrong_setting_starts_nothing(pipeline, example, setting, rule, remedy):
    found_rule, found_remedy = pipeline("run", "--set", setting).mistake
    assert found_rule.startswith(rule)
    assert found_remedy.startswith(remedy)
    assert "executions" not in made(example)


def test_a_setting_made_twice_is_refused(pipeline):
    assert pipeline("run", "--set", "Folds=3", "--set", "Folds=4").mistake == [
        "--set names Folds twice, with '3' and '4'.",
        "Keep one of them.",
    ]


def test_without_an_execution_the_list_says_how_to_get_one(pipeline):
    ended = pipeline("executions")
    assert ended.out == "No execution yet. Start one with `pipeline run`.\n"
    assert ended.code == 0


def test_executions_and_show_tell_what_ran(pipeline, execution):
    assert execution.id in pipeline("executions").out
    shown = pipeline("show", execution.id)
    assert (shown.code, shown.err) == (0, "")
    assert "Stop" in shown.out and "enough" in shown.out


@pytest.mark.parametrize("command", ["show", "logs", "report", "resume"])
def test_an_unknown_execution_is_refused(pipeline, execution, command):
    rule, remedy = pipeline(command, "no-such-execution").mistake
    assert "no-such-execution" in rule
    assert remedy


@pytest.mark.parametrize("command", ["show", "logs", "report", "resume"])
def test_where_nothing_ran_an_execution_is_unknown(pipeline, command):
    rule, remedy = pipeline(command, "abc").mistake
    assert "abc" in rule
    assert remedy


def test_logs_of_an_unknown_step_name_the_closest(pipeline, execution):
    assert pipeline("logs", execution.id, "Stopp").mistake == [
        f"Execution {execution.id} has no step 'Stopp'.",
        "Did you mean Stop?",
    ]


def test_an_unknown_version_cannot_be_approved(pipeline, example):
    assert pipeline("registry", "approve", "99").mistake == [
        "There is no model package group test-project.",
        "There are none.",
    ]
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    assert pipeline("registry", "approve", "99").mistake == [
        "test-project has no version 99.",
        "It has 1.",
    ]
    assert registry.describe("test-project", 1)["ModelApprovalStatus"] == "PendingManualApproval"


@pytest.mark.parametrize(("command", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_version_is_approved_or_rejected(pipeline, example, command, status):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    ended = pipeline("registry", command, "1")
    assert (ended.code, ended.out) == (0, f"test-project/1 is {status} for Production.\n")
    package = registry.describe("test-project", 1)
    assert package["ModelApprovalStatus"] == status
    assert package["ModelLifeCycle"] == {"Stage": "Production", "StageStatus": status}


def test_a_version_says_where_it_comes_from(pipeline, example):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    arn = "arn:aws:sagemaker:local:000000000000:pipeline/test-project/execution/20261121-1"
    source = {"ContentType": "application/json", "S3Uri": "s3://local/baseline/statistics.json"}
    registry.create_model_package(
        {
            "ModelPackageGroupName": "test-project",
            "CustomerMetadataProperties": {"model": "ridge", "execution_arn": arn},
            "DriftCheckBaselines": {"ModelDataQuality": {"Statistics": source}},
            "InferenceSpecification": {
                "Containers": [{"Image": "image:1", "ModelDataUrl": "s3://local/model.tar.gz"}],
                "SupportedContentTypes": ["text/csv"],
            },
        }
    )
    assert pipeline("registry", "approve", "1", "--stage", "Staging").code == 0
    words = [line.split() for line in pipeline("registry", "list").out.splitlines()]
    assert words[-1][:5] == ["1", "ridge", "Approved", "Staging", "20261121-1"]
    shown = [line.split() for line in pipeline("registry", "show", "1").out.splitlines()]
    assert ["artefact", "s3://local/model.tar.gz"] in shown
    assert ["modeldataquality", "statistics", "s3://local/baseline/statistics.json"] in shown


def test_a_stage_that_sagemaker_would_refuse_changes_nothing(pipeline, example):
    registry = LocalSageMaker(example.root / ".pipeline").registry
    registry.create_model_package({"ModelPackageGroupName": "test-project"})
    assert pipeline("registry", "approve", "1", "--stage", "my stage").mistake == [
        "--stage must be up to 63 letters, digits and inner hyphens, got 'my stage'.",
        "Write, for example, --stage Staging.",
    ]
    assert registry.describe("test-project", 1)["ModelApprovalStatus"] == "PendingManualApproval"


def test_a_process_of_its_own_ends_with_the_same_code_and_lines(example):
    example.change("conf/pipeline.yaml", "split.folds", 1)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "compile"],
        cwd=example.root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 2
