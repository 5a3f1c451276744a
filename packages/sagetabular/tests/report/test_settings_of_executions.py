"""What an execution was asked to do, as report and comparison tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import Page, Story, make_execution, page_of

from sagelocal import ExecutionRecord, LocalSageMaker
from sagetabular.report.comparison import compare
from sagetabular.report.settings import Group, read_settings

CONF = {
    "target": "price",
    "columns": {
        "price": {"type": "number", "optional": False},
        "type": {"type": "category", "optional": True},
    },
    "one_hot": {"type": ["flat", "house"]},
    "drop": [],
    "split": {"kind": "random", "by": None, "test": 0.2},
}
SEARCH = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "TrainingJobEarlyStoppingType": "Auto",
        "ParameterRanges": {
            "IntegerParameterRanges": [{"Name": "depth", "MinValue": "2", "MaxValue": "9"}]
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"job_model": "ridge", "rounds": "40", "sagemaker_program": "x"},
        "InputDataConfig": [
            {
                "ChannelName": "code",
                "DataSource": {"S3DataSource": {"S3Uri": "s3://local/houses/code/aa11"}},
            }
        ],
    },
}


def tell(record: ExecutionRecord, step: str, arguments: dict[str, Any]) -> None:
    """Add to what a step was asked."""
    told = record.steps[step]
    record.write_step(replace(told, arguments={**(told.arguments or {}), **arguments}))


def asked(home: Path, conf: dict[str, Any], search: dict[str, Any] = SEARCH) -> ExecutionRecord:
    """An execution that was told a part of conf/pipeline.yaml, and a search."""
    record = make_execution(home, Story(parameters={"Folds": 5}))
    uri = f"s3://local/houses/settings/{record.id}"
    storage = LocalSageMaker(home).storage
    storage.put_bytes(f"{uri}/preprocess.json", json.dumps(conf).encode())
    source = {"InputName": "settings", "S3Input": {"S3Uri": uri}}
    tell(record, "Preprocess", {"ProcessingInputs": [source]})
    tell(record, "Tune", search)
    chosen = {
        "ContainerEntrypoint": ["python3", "-m", "sagetabular.jobs.select"],
        "ContainerArguments": ["--by", "cv", "--models", "ridge"],
    }
    tell(record, "Select", {"AppSpecification": chosen})
    return LocalSageMaker(home).execution(record.id)


def test_settings_have_the_names_of_the_files_that_they_stand_in(tmp_path: Path) -> None:
    groups = read_settings(LocalSageMaker(tmp_path), asked(tmp_path, CONF))
    assert groups == [
        Group("", {"Folds": "5"}),
        Group(
            "Preprocess",
            {
                "data.target": "price",
                "data.columns.price": "number",
                "data.columns.type": "category, optional",
                "data.one_hot.type": "flat, house",
                "data.drop": "nothing",
                "split.kind": "random",
                "split.test": "0.2",
            },
        ),
        Group(
            "Tune",
            {
                "strategy": "Random",
                "early stopping": "Auto",
                "rounds": "40",
                "depth": "2 to 9",
                "code": "aa11",
            },
        ),
        Group("Select", {"selection.by": "cv"}),
    ]


@pytest.fixture
def differences(tmp_path: Path) -> list[tuple[str, str, str]]:
    """Between two executions whose column, share of test rows and range were changed."""
    columns = {"price": CONF["columns"]["price"]}
    conf = CONF | {"columns": columns, "split": {"kind": "random", "test": 0.3}}
    changed = json.loads(json.dumps(SEARCH).replace('"9"', '"12"').replace("aa11", "bb22"))
    first, second = asked(tmp_path, CONF), asked(tmp_path, conf, changed)
    return compare(LocalSageMaker(tmp_path), first, second).differences


def test_a_comparison_names_the_step_and_each_setting_that_was_changed(
    differences: list[tuple[str, str, str]],
) -> None:
    assert sorted(differences) == [
        ("Preprocess: data.columns.type", "category, optional", "-"),
        ("Preprocess: split.test", "0.2", "0.3"),
        ("Tune: code", "aa11", "bb22"),
        ("Tune: depth", "2 to 9", "2 to 12"),
    ]


def test_of_a_step_that_one_execution_did_not_reach_no_difference_is_claimed(
    tmp_path: Path,
) -> None:
    first, second = asked(tmp_path, CONF), asked(tmp_path, CONF)
    second.write_step(replace(second.steps["Tune"], arguments=None, status="NotExecuted"))
    sagemaker = LocalSageMaker(tmp_path)
    second = sagemaker.execution(second.id)
    assert compare(sagemaker, first, second).differences == []
    assert compare(sagemaker, second, first).differences == []


def test_what_no_step_is_told_still_shows_in_the_definition(tmp_path: Path) -> None:
    first, second = asked(tmp_path, CONF), asked(tmp_path, CONF)
    definition = second.directory / "definition.json"
    definition.write_bytes(definition.read_bytes() + b"\n")
    (difference,) = compare(LocalSageMaker(tmp_path), first, second).differences
    assert difference[0] == "definition"


def test_settings_whose_file_was_removed_are_left_out(tmp_path: Path) -> None:
    record = asked(tmp_path, CONF)
    sagemaker = LocalSageMaker(tmp_path)
    (tmp_path / f"s3/local/houses/settings/{record.id}/preprocess.json").unlink()
    assert "Preprocess" not in [group.step for group in read_settings(sagemaker, record)]


def test_arguments_of_a_program_of_ones_own_are_not_taken_for_settings(tmp_path: Path) -> None:
    record = make_execution(tmp_path, Story())
    tell(record, "Preprocess", {"AppSpecification": {"ContainerArguments": ["sort", "--by"]}})
    tell(record, "Evaluate", {"AppSpecification": {"ImageUri": "image:1"}})
    sagemaker = LocalSageMaker(tmp_path)
    groups = read_settings(sagemaker, sagemaker.execution(record.id))
    assert groups == [Group("Preprocess", {"data.target": "price"})]


def test_the_report_has_a_table_of_the_settings_of_each_step(tmp_path: Path) -> None:
    page: Page = page_of(tmp_path, asked(tmp_path, CONF))
    for text in ("Settings of Preprocess", "data.columns.type", "Settings of Tune", "2 to 9"):
        assert text in page.texts, text
