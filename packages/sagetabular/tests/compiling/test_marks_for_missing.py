"""`data.missing` reaches Ingest, Preprocess, the fit's manifest and so the server."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from sagetabular.jobs.models.hyperparameters import TrainingSettings, read_training_settings
from sagetabular.jobs.models.manifest import describe, read_manifest
from sagetabular.jobs.rows.cleaning import clean

PIPELINE = "conf/pipeline.yaml"
MISSING = ["?", "-200"]


def settings_of(compiled, name: str) -> dict:
    """The content of an asset."""
    (content,) = [
        content for key, content in compiled.assets.objects().items() if key.endswith(f"/{name}")
    ]
    return json.loads(content)


def hyperparameters_of(example) -> dict[str, dict]:
    steps = {step["Name"]: step["Arguments"] for step in example.definition()["Steps"]}
    tune = steps["TuneRidge"]["TrainingJobDefinition"]
    return {
        "tune": tune["StaticHyperParameters"],
        "fit": steps["FitRidge"]["HyperParameters"],
    }


def test_without_it_nothing_travels(example, compiled):
    assert "missing" not in settings_of(compiled, "preprocess.json")
    for values in hyperparameters_of(example).values():
        assert "job_missing" not in values


def test_with_it_every_job_knows_it(example):
    example.change(PIPELINE, "data.missing", ["?", -200])
    assert settings_of(example.compile(), "preprocess.json")["missing"] == MISSING
    for values in hyperparameters_of(example).values():
        assert json.loads(values["job_missing"]) == MISSING


def test_ingest_of_files_knows_it_and_the_columns(example):
    for name in ("database", "table"):
        example.change(PIPELINE, f"data.{name}", remove=True)
    example.change(PIPELINE, "data.source", "s3")
    example.change(PIPELINE, "data.uri", "s3://bucket/sales/2026/")
    example.change(PIPELINE, "data.missing", ["?"])
    settings = settings_of(example.compile(), "files.json")
    declared = settings_of(example.compile(), "preprocess.json")["columns"]
    assert settings == {"columns": declared, "missing": ["?"]}
    (ingest,) = [step for step in example.definition()["Steps"] if step["Name"] == "Ingest"]
    inputs = [entry["InputName"] for entry in ingest["Arguments"]["ProcessingInputs"]]
    assert {"files", "settings"} <= {*inputs}


@pytest.mark.parametrize("value", [["?", None], [["?"]], [True], [{"a": 1}]])
def test_a_mark_is_a_text_or_a_number(example, mistake_of, value):
    example.change(PIPELINE, "data.missing", value)
    rule, remedy = mistake_of(example)
    assert rule.startswith("conf/pipeline.yaml: data.missing.")
    assert remedy == "Write the text as it stands in the data, in quotes."


def test_a_fit_writes_it_into_its_manifest(tmp_path):
    hyperparameters = {
        "job_model": '"ridge"',
        "job_target": "y",
        "job_seed": "7",
        "job_split": "random",
        "job_missing": json.dumps(MISSING),
        "depth": "3",
    }
    folder = tmp_path / "input/config"
    folder.mkdir(parents=True)
    (folder / "hyperparameters.json").write_text(json.dumps(hyperparameters))
    settings = read_training_settings(tmp_path)
    assert settings.missing == ("?", "-200")
    assert settings.hyperparameters == {"depth": 3}
    describe(pd.DataFrame({"a": [1.0]}), pd.Series([1.0]), settings).write(tmp_path)
    assert read_manifest(tmp_path).missing == MISSING


def test_a_manifest_of_before_has_none(tmp_path):
    settings = TrainingSettings("ridge", "y", 7, False, {})
    describe(pd.DataFrame({"a": [1.0]}), pd.Series([1.0]), settings).write(tmp_path)
    content = json.loads((tmp_path / "manifest.json").read_text())
    del content["missing"]
    (tmp_path / "manifest.json").write_text(json.dumps(content))
    assert read_manifest(tmp_path).missing == []


def test_preprocess_casts_by_it_whatever_a_query_returns():
    """A query gives numbers and texts: both ways to say -200 are the mark."""
    columns = {
        "size": {"type": "number", "optional": False},
        "code": {"type": "category", "optional": False},
        "y": {"type": "number", "optional": False},
    }
    table = pd.DataFrame({"size": [-200.0, 1.0, 2.0], "code": ["?", "NA", "a"], "y": [1, 2, 3]})
    rows = clean(table, columns, "y", MISSING)
    assert rows["size"].isna().tolist() == [True, False, False]
    assert rows["code"].tolist() == [None, None, "a"]
    assert clean(table, columns, "y")["code"].tolist() == ["?", None, "a"]
