"""Every pipeline parameter that is overridden at `run` takes effect; none is frozen before."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from planting import Run, run_project

from sagelocal import LocalSageMaker
from sagetabular.lake.store import table_folder, write_table

IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/own"
QUERY = "s3://elsewhere/queries/other.sql"
# Parameter → a value that is not its default.
VALUES = {
    "RoleArn": "arn:aws:iam::123456789012:role/other",
    "Bucket": "elsewhere",
    "ImageUri": f"{IMAGE}:models",
    "JobsImageUri": f"{IMAGE}:jobs",
    "Commit": "0123abc",
    "TrackingUri": "sqlite:///{folder}/tracked/mlflow.db",
    "Prefix": "other/prefix",
    "Database": "archive",
    "Table": "old_sales",
    "Workgroup": "night",
    "QueryUri": QUERY,
    "DataVersion": "2025",
    "Folds": 4,
    "Seed": 7,
    "MaxTrainingJobs": 3,
    "MaxParallelTrainingJobs": 2,
    "MinimumR2": -5.0,
    "ModelApprovalStatus": "Approved",
    "ModelPackageGroup": "other-group",
    "ProcessingInstanceType": "ml.c5.xlarge",
    "TrainingInstanceType": "ml.c5.2xlarge",
    "HyperparametersUri": "s3://elsewhere/given/hyperparameters.json",
    "StrengthMin": "2.5",
    "StrengthMax": "2.75",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, new_example) -> Run:
    """One execution with another value of every parameter."""
    example = new_example(tmp_path_factory.mktemp("parameters") / "project")
    example.change("conf/pipeline.yaml", "models", ["ridge"])
    for column in ("district", "sold", "garden"):
        example.change("conf/pipeline.yaml", f"data.columns.{column}", remove=True)
    for end, default in (("min", 0.01), ("max", 10)):
        bound = {"parameter": f"Strength{end.title()}", "default": default}
        example.change("models/ridge/model.yaml", f"tuning.ranges.strength.{end}", bound)
    given = {"parameter": "HyperparametersUri", "default": "s3://local/none.json"}
    example.change("models/ridge/model.yaml", "hyperparameters_from", given)
    home = example.root / ".pipeline"
    for database, table, rows in (("estate", "sales", 5), ("archive", "old_sales", 90)):
        numbers = pd.Series(range(1, rows + 1), dtype=float)
        frame = pd.DataFrame(
            {"rooms": numbers % 7, "area": numbers, "price": 3 * (numbers % 7) + 1}
        )
        folder = table_folder(home / "lake", database, table)
        write_table(folder, pa.Table.from_pandas(frame), kind="files", title=table)
    storage = LocalSageMaker(home).storage
    storage.put_bytes(str(VALUES["HyperparametersUri"]), b'{"centred": false}')
    query = b"SELECT * FROM ${table} WHERE area > 10"
    storage.put_bytes(QUERY, query)
    return run_project(example.root, **values_for(example.root))


def values_for(root: Path) -> dict[str, object]:
    """The values, with the address of a store beside the project."""
    return VALUES | {"TrackingUri": str(VALUES["TrackingUri"]).format(folder=root.parent)}


def tracked_at(run: Run) -> str:
    """Address of the store, if there is one and it has the execution."""
    database = run.root.parent / "tracked/mlflow.db"
    with closing(sqlite3.connect(database)) as connection:
        (runs,) = connection.execute("SELECT COUNT(*) FROM runs").fetchone()
    assert runs == 1 + len(run.trials("TuneRidge"))
    return f"sqlite:///{database}"


def arguments(run: Run, step: str) -> dict:
    found = run.record.steps[step].arguments
    assert found is not None
    return found


def words(run: Run, step: str) -> list[str]:
    return arguments(run, step)["AppSpecification"]["ContainerArguments"]


def package(run: Run) -> dict:
    (found,) = run.sagemaker.registry.packages("other-group")
    return found


def summary(run: Run) -> dict:
    return json.loads((run.output("Preprocess", "summary") / "summary.json").read_text())


def definition_of_trials(run: Run) -> dict:
    return arguments(run, "TuneRidge")["TrainingJobDefinition"]


def given_at(run: Run) -> str:
    """Where hyperparameters were read, if trials and fit have what stands there."""
    assert {trial["report"]["hyperparameters"]["centred"] for trial in run.trials("TuneRidge")} == {
        False
    }
    channels = arguments(run, "FitRidge")["InputDataConfig"]
    (uri,) = [
        entry["DataSource"]["S3DataSource"]["S3Uri"]
        for entry in channels
        if entry["ChannelName"] == "hyperparameters"
    ]
    return uri


def bound(run: Run, end: str) -> str:
    """A bound of the range that was searched, if all trials keep to it."""
    ranges = arguments(run, "TuneRidge")["HyperParameterTuningJobConfig"]["ParameterRanges"]
    (entry,) = ranges["ContinuousParameterRanges"]
    tried = [trial["report"]["hyperparameters"]["strength"] for trial in run.trials("TuneRidge")]
    assert all(2.5 <= value <= 2.75 for value in tried)
    return entry[end]


def rows_read(run: Run) -> int:
    return len(pd.read_parquet(run.output("Ingest", "data")))


EFFECTS = {
    "RoleArn": lambda run: arguments(run, "FitRidge")["RoleArn"],
    "Bucket": lambda run: run.output("Select", "selection").relative_to(
        run.root / ".pipeline/s3").parts[0],
    "ImageUri": lambda run: arguments(run, "EvaluateRidge")["AppSpecification"]["ImageUri"],
    "JobsImageUri": lambda run: arguments(run, "Select")["AppSpecification"]["ImageUri"],
    "Commit": lambda run: package(run)["CustomerMetadataProperties"]["commit"],
    "TrackingUri": tracked_at,
    "Prefix": lambda run: "/".join(
        run.output("Select", "selection").relative_to(run.root / ".pipeline/s3").parts[1:3]),
    "Database": lambda run: words(run, "Ingest")[1] if rows_read(run) == 80 else "the default",
    "Table": lambda run: words(run, "Ingest")[3] if rows_read(run) == 80 else "the default",
    "Workgroup": lambda run: words(run, "Ingest")[5],
    "QueryUri": lambda run: QUERY if rows_read(run) == 80 else "the default",
    "DataVersion": lambda run: words(run, "Ingest")[7],
    "Folds": lambda run: len(run.trials("TuneRidge")[0]["report"]["folds"]),
    "Seed": lambda run: run.trials("TuneRidge")[0]["report"]["seed"],
    "MaxTrainingJobs": lambda run: len(run.trials("TuneRidge")),
    "MaxParallelTrainingJobs": lambda run: arguments(run, "TuneRidge")[
        "HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxParallelTrainingJobs"],
    "MinimumR2": lambda run: arguments(run, "QualityGate")["Conditions"][0]["RightValue"],
    "ModelApprovalStatus": lambda run: package(run)["ModelApprovalStatus"],
    "ModelPackageGroup": lambda run: package(run)["ModelPackageGroupName"],
    "ProcessingInstanceType": lambda run: arguments(run, "Preprocess")[
        "ProcessingResources"]["ClusterConfig"]["InstanceType"],
    "TrainingInstanceType": lambda run: definition_of_trials(run)[
        "ResourceConfig"]["InstanceType"],
    "HyperparametersUri": given_at,
    "StrengthMin": lambda run: bound(run, "MinValue"),
    "StrengthMax": lambda run: bound(run, "MaxValue"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", VALUES)
def test_a_parameter_that_is_overridden_takes_effect(run: Run, name: str) -> None:
    assert run.record.status == "Succeeded", run.record.failure_reason
    assert EFFECTS[name](run) == values_for(run.root)[name]


@pytest.mark.slow
def test_every_parameter_is_tested(run: Run) -> None:
    definition = json.loads((run.record.directory / "definition.json").read_bytes())
    assert {item["Name"] for item in definition["Parameters"]} == {*VALUES}
    defaults = {item["Name"]: item.get("DefaultValue") for item in definition["Parameters"]}
    assert all(defaults[name] != value for name, value in VALUES.items())


@pytest.mark.slow
def test_the_gate_asks_for_the_r2_that_was_set(run: Run) -> None:
    assert (run.result.r2 or 0) < 2
    failed = run_project(run.root, MinimumR2=2.0, **{
        name: value for name, value in values_for(run.root).items() if name != "MinimumR2"
    })  # fmt: skip
    assert failed.record.status == "Failed"
    assert "MinimumR2 is 2.0" in (failed.record.failure_reason or "")
